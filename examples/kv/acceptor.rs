//! The acceptor: lets clients in, each to an actor of its own, and goes first when the server ends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use airssys_rt::prelude::*;
use futures_util::stream;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::connection::Connection;
use crate::server::Server;

/// How many clients may wait at the door.
const BACKLOG: u32 = 4_096;

#[actor(mailbox(capacity = 64))]
#[derive(Debug)]
pub struct Acceptor {
    server: Arc<Server>,
    connections: Children<Connection, Arc<TcpStream>>,
    listener: Option<TcpListener>,
    address: SocketAddr,
}

impl Acceptor {
    pub async fn bind(
        server: Arc<Server>,
        connections: Children<Connection, Arc<TcpStream>>,
    ) -> io::Result<Self> {
        let wanted = server.settings.address;
        let socket = if wanted.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // After a crash, the door is opened again at once.
        socket.set_reuseaddr(true)?;
        socket.bind(wanted)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok(Self { server, connections, listener: Some(listener), address })
    }
}

#[handlers]
impl Acceptor {
    #[handler(start)]
    fn open(&mut self, ctx: &mut Context<Self>) {
        let Some(listener) = self.listener.take() else { return };
        // The listener goes with this incarnation, and with it the open door.
        let clients = stream::unfold(listener, |listener| async move {
            loop {
                match listener.accept().await {
                    Ok((socket, _)) => return Some((Arc::new(socket), listener)),
                    // A client that is gone again, or no file descriptor left: neither is cured by hurry.
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        });
        ctx.attach(clients, |socket| AcceptorMessage::Welcome { socket });
    }

    #[handler]
    async fn welcome(&mut self, socket: Arc<TcpStream>) {
        if self.server.clients() >= self.server.settings.max_clients {
            let _ = socket.try_write(b"-ERR max number of clients reached\r\n");
            return;
        }
        // What cannot be started is a client that has gone, or a server that goes.
        let _ = self.connections.start(socket).await;
    }

    /// Where it listens.
    #[handler]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
