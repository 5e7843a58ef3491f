//! The least of a WebSocket client that a measurement needs: one connection on loopback, text frames, no extensions.
//! Blocking and without a library in between, like `client`; it trusts its peer.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

/// Longest wait for a frame.
const TIMEOUT: Duration = Duration::from_secs(60);
/// First byte of a whole text frame.
const TEXT: u8 = 0x81;
/// First byte of a ping.
const PING: u8 = 0x89;

/// An open connection.
#[derive(Debug)]
pub struct Socket(TcpStream);

impl Socket {
    /// Connects to a port of loopback.
    ///
    /// # Errors
    /// Nobody listens, or the upgrade is refused.
    pub fn connect(port: u16) -> Result<Self> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        // Any sixteen bytes do as key: the answer is not verified.
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.extend_from_slice(&byte);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101"), "no upgrade: {}", String::from_utf8_lossy(&head));
        Ok(Self(stream))
    }

    /// Subscribes and waits for the node's consent.
    ///
    /// # Errors
    /// The connection fails, or the node refuses.
    pub fn subscribe(&mut self, kind: &str) -> Result<()> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": [kind]});
        let text = request.to_string();
        let length =
            u8::try_from(text.len()).ok().filter(|length| *length < 126).context("a long request")?;
        // A client must mask; with a mask of zeros the text stays as it is.
        let frame = [&[TEXT, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat();
        self.0.write_all(&frame)?;
        let answer = self.receive()?;
        ensure!(answer["result"].is_string(), "no subscription: {answer}");
        Ok(())
    }

    /// The next message.
    ///
    /// # Errors
    /// The connection fails, or a frame is neither text nor ping.
    pub fn receive(&mut self) -> Result<Value> {
        loop {
            let [kind, length] = self.exactly()?;
            let length = match length & 0x7f {
                126 => u64::from(u16::from_be_bytes(self.exactly()?)),
                127 => u64::from_be_bytes(self.exactly()?),
                short => u64::from(short),
            };
            let mut body = vec![0; usize::try_from(length)?];
            self.0.read_exact(&mut body)?;
            match kind {
                TEXT => return Ok(serde_json::from_slice(&body)?),
                PING => {}
                other => bail!("a frame that starts with {other:#x}"),
            }
        }
    }

    fn exactly<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
