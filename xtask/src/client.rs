//! A JSON-RPC client over one keep-alive connection, with nothing between it and the socket: on two cores a client that
//! works hard would be measured along with the node. Not for production: it trusts its peer.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A connection to a node on loopback.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    request: Vec<u8>,
}

impl Client {
    /// Connects to a port of loopback.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), request: Vec::new() })
    }

    /// One call.
    ///
    /// # Errors
    /// The connection fails, or the node answers with an error.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer: Value = serde_json::from_slice(&self.post(&serde_json::to_vec(&body)?)?)?;
        result_of(answer).with_context(|| format!("{method} {params}"))
    }

    /// Several calls of one method in one request; answers in the order of `params`.
    ///
    /// # Errors
    /// The connection fails, or the node answers any call with an error.
    pub fn batch(&mut self, method: &str, params: &[Value]) -> Result<Vec<Value>> {
        if params.is_empty() {
            return Ok(Vec::new());
        }
        let calls: Vec<_> = params
            .iter()
            .enumerate()
            .map(|(id, params)| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
            .collect();
        let answer = self.post(&serde_json::to_vec(&calls)?)?;
        let mut answers: Vec<Value> = serde_json::from_slice(&answer)
            .with_context(|| format!("a batch of {method}: {}", String::from_utf8_lossy(&answer)))?;
        answers.sort_by_key(|answer| answer["id"].as_u64());
        ensure!(
            answers.len() == params.len(),
            "{} answers to {} calls of {method}",
            answers.len(),
            params.len()
        );
        answers.into_iter().map(|answer| result_of(answer).with_context(|| method.to_owned())).collect()
    }

    /// Sends a body as it is and returns the body of the answer.
    ///
    /// # Errors
    /// The connection fails, or the status is not 200.
    pub fn post(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        self.send(body)?;
        self.receive()
    }

    /// The body at a path.
    ///
    /// # Errors
    /// The connection fails, or the status is not 200.
    pub fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        write!(self.stream.get_mut(), "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        self.receive()
    }

    /// Sends a body without waiting: HTTP/1.1 lets requests follow each other on one connection.
    ///
    /// # Errors
    /// The connection fails.
    pub fn send(&mut self, body: &[u8]) -> Result<()> {
        self.request.clear();
        write!(
            self.request,
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        self.request.extend_from_slice(body);
        Ok(self.stream.get_mut().write_all(&self.request)?)
    }

    /// Reads the answer to the oldest request without one.
    ///
    /// # Errors
    /// The connection fails, or the status is not 200.
    pub fn receive(&mut self) -> Result<Vec<u8>> {
        let status = self.line()?;
        let mut length = None;
        let mut chunked = false;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                Some(("content-length", value)) => length = Some(value.trim().parse::<usize>()?),
                Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
                Some(_) => {}
                None => break,
            }
        }
        let body = if chunked { self.chunks()? } else { self.exactly(length.unwrap_or_default())? };
        if !status.contains(" 200 ") {
            bail!("{status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(body)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the node closed the connection");
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(self.line()?.trim(), 16)?;
            body.extend(self.exactly(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

fn result_of(mut answer: Value) -> Result<Value> {
    match answer.get("error") {
        Some(error) => bail!("{error}"),
        None => Ok(answer["result"].take()),
    }
}

/// A quantity such as `0x1f`.
///
/// # Errors
/// Something else.
pub fn quantity(value: &Value) -> Result<u64> {
    let text = value.as_str().with_context(|| format!("{value} is no quantity"))?;
    Ok(u64::from_str_radix(text.trim_start_matches("0x"), 16)?)
}
