//! The other side of a webhook: a server on loopback that keeps what is posted to it, and answers as it is told.

use serde_json::Value;
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

/// Longest wait for a post.
const PATIENCE: Duration = Duration::from_secs(60);

/// A post.
#[derive(Clone, Debug)]
pub struct Post {
    /// Headers, their names in lower case.
    pub headers: HashMap<String, String>,
    /// The body as it came.
    pub text: String,
    /// The status that it was answered with.
    pub answered: u16,
}

impl Post {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON is posted")
    }
}

/// A server that keeps posts.
#[derive(Debug)]
pub struct Hook {
    url: String,
    status: Arc<AtomicU16>,
    posts: Arc<(Mutex<Vec<Post>>, Condvar)>,
}

impl Hook {
    /// A server on a free port that answers with a status.
    pub fn new(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
        let hook = Self { url, status: Arc::new(AtomicU16::new(status)), posts: Arc::default() };
        let (status, posts) = (hook.status.clone(), hook.posts.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let status = status.load(Ordering::SeqCst);
                // A node that is killed leaves its post half said.
                let Some(post) = answer(stream, status) else { continue };
                posts.0.lock().unwrap().push(post);
                posts.1.notify_all();
            }
        });
        hook
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it answers from now on.
    pub fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// All posts so far.
    pub fn posts(&self) -> Vec<Post> {
        self.posts.0.lock().unwrap().clone()
    }

    /// Waits until the posts are as wanted, and answers them.
    pub fn until(&self, wanted: impl Fn(&[Post]) -> bool) -> Vec<Post> {
        let posts = self.posts.0.lock().unwrap();
        let (posts, waited) =
            self.posts.1.wait_timeout_while(posts, PATIENCE, |posts| !wanted(posts)).unwrap();
        assert!(!waited.timed_out(), "not posted in time: {posts:?}");
        posts.clone()
    }
}

fn answer(mut stream: TcpStream, status: u16) -> Option<Post> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut headers = HashMap::new();
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length: usize = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let told = format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(told.as_bytes()).ok()?;
    Some(Post { headers, text: String::from_utf8(body).ok()?, answered: status })
}
