//! A connection to the server: commands out, replies in, in order.

use std::io;

use bytes::{Buf, BytesMut};
use redis_protocol::resp2::decode::decode;
pub use redis_protocol::resp2::types::OwnedFrame as Reply;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Client {
    pub stream: TcpStream,
    input: BytesMut,
}

impl Client {
    pub async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, input: BytesMut::new() })
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next reply. An end of the connection is an error.
    pub async fn reply(&mut self) -> io::Result<Reply> {
        loop {
            let decoded = decode(&self.input).map_err(|error| io::Error::other(error.to_string()))?;
            if let Some((reply, used)) = decoded {
                self.input.advance(used);
                return Ok(reply);
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub async fn ask(&mut self, words: &[&[u8]]) -> io::Result<Reply> {
        let mut out = Vec::new();
        command(&mut out, words);
        self.send(&out).await?;
        self.reply().await
    }
}

/// Writes a command down.
pub fn command(out: &mut Vec<u8>, words: &[&[u8]]) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}
