//! A chat server over TCP: an actor for each connection and for each room, and a few clients that try it out.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use airssys_rt::prelude::*;
use futures_util::stream;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How much is said to those who read late or never.
const LINES: usize = 100;

/// One member of a room.
struct Member {
    nick: String,
    connection: ActorRef<Connection>,
    /// How many lines found no room in its mailbox since the last one that did.
    missed: u64,
}

/// A room tells its members what is said, and waits for none of them.
#[actor]
struct Room {
    name: String,
    members: HashMap<ProcessId, Member>,
    lost: u64,
}

#[handlers]
impl Room {
    #[handler]
    fn join(&mut self, nick: String, connection: ActorRef<Connection>, ctx: &mut Context<Self>) {
        ctx.monitor(&connection);
        self.members.insert(connection.pid(), Member { nick: nick.clone(), connection, missed: 0 });
        self.broadcast(format!("* {nick} is in {}", self.name));
    }

    #[handler]
    fn leave(&mut self, connection: ProcessId) {
        self.remove(connection);
    }

    #[handler]
    fn say(&mut self, from: ProcessId, text: String) {
        if let Some(member) = self.members.get(&from) {
            self.broadcast(format!("{} {}: {text}", self.name, member.nick));
        }
    }

    #[handler]
    fn name(&self) -> String {
        self.name.clone()
    }

    #[handler]
    fn crash(&self) {
        panic!("somebody wanted it so");
    }

    #[handler]
    fn lost(&self) -> u64 {
        self.lost
    }

    #[handler(down)]
    fn gone(&mut self, down: Down) {
        self.remove(down.pid);
    }

    /// The link by which a member learns of a crash of the room goes both ways: without this, a connection that fails
    /// would take its rooms with it.
    #[handler(exit)]
    fn member_failed(&mut self, _exit: Exit) {}

    fn remove(&mut self, connection: ProcessId) {
        if let Some(member) = self.members.remove(&connection) {
            self.broadcast(format!("* {} has left {}", member.nick, self.name));
        }
    }

    fn broadcast(&mut self, line: String) {
        let line: Arc<str> = line.into();
        for member in self.members.values_mut() {
            match member.connection.deliver(line.clone(), member.missed).try_tell() {
                Ok(()) => member.missed = 0,
                Err(_) => {
                    member.missed += 1;
                    self.lost += 1;
                }
            }
        }
    }
}

/// Finds a room by its name, and starts those that are not there yet.
#[actor]
struct Lobby {
    rooms: Children<Room, String>,
    by_name: HashMap<String, ActorRef<Room>>,
}

#[handlers]
impl Lobby {
    /// The rooms outlive a crash of the lobby. A later incarnation looks for them before it answers anybody.
    #[handler(start)]
    fn open(&mut self, ctx: &mut Context<Self>) {
        ctx.continue_with(LobbyMessage::FindRooms);
    }

    #[handler]
    async fn find_rooms(&mut self) -> ActorResult<()> {
        for room in self.rooms.members().await? {
            self.by_name.insert(room.name().await?, room);
        }
        Ok(())
    }

    #[handler]
    async fn room(&mut self, name: String) -> ActorResult<ActorRef<Room>> {
        if let Some(room) = self.by_name.get(&name) {
            return Ok(room.clone());
        }
        let room = self.rooms.start(name.clone()).await?;
        self.by_name.insert(name, room.clone());
        Ok(room)
    }
}

/// A socket on its way to its connection: an argument of a child is `Clone`, and a socket is not.
#[derive(Clone)]
struct Handover(Arc<Mutex<Option<TcpStream>>>);

impl Handover {
    fn new(socket: TcpStream) -> Self {
        Self(Arc::new(Mutex::new(Some(socket))))
    }

    fn take(&self) -> Option<TcpStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A connection reads commands as messages, and writes what its rooms tell it. While a write waits, its mailbox fills.
#[actor(mailbox(capacity = 64))]
struct Connection {
    lobby: ActorRef<Lobby>,
    lines: Option<Lines<BufReader<OwnedReadHalf>>>,
    writer: OwnedWriteHalf,
    nick: Option<String>,
    rooms: Vec<(String, ActorRef<Room>)>,
}

impl Connection {
    fn new(socket: &Handover, lobby: ActorRef<Lobby>) -> ActorResult<Self> {
        let socket = socket.take().ok_or_else(|| ActorError::msg("a socket is used once"))?;
        let (reader, writer) = socket.into_split();
        Ok(Self { lobby, lines: Some(BufReader::new(reader).lines()), writer, nick: None, rooms: Vec::new() })
    }
}

#[handlers]
impl Connection {
    #[handler(start)]
    fn open(&mut self, ctx: &mut Context<Self>) {
        let lines = self.lines.take().unwrap();
        let lines = stream::unfold(Some(lines), |lines| async move {
            let mut lines = lines?;
            match lines.next_line().await {
                Ok(Some(line)) => Some((Some(line), Some(lines))),
                _ => Some((None, None)),
            }
        });
        ctx.attach(lines, |line| ConnectionMessage::Read { line });
    }

    #[handler]
    async fn read(&mut self, line: Option<String>, ctx: &mut Context<Self>) -> ActorResult<()> {
        let Some(line) = line else {
            ctx.stop();
            return Ok(());
        };
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match (command, rest, &self.nick) {
            ("NICK", nick, _) => self.nick = Some(nick.to_string()),
            ("JOIN", name, Some(nick)) => {
                let room = self.lobby.room(name.to_string()).await?;
                ctx.link(&room);
                room.join(nick.clone(), ctx.this()).await?;
                self.rooms.push((name.to_string(), room));
            }
            ("QUIT", _, _) => {
                self.write("BYE").await?;
                ctx.stop();
            }
            (command, _, _) => match (command, self.rooms.last()) {
                ("SAY", Some((_, room))) => room.say(ctx.pid(), rest.to_owned()).tell().await?,
                ("CRASH", Some((_, room))) => room.crash().tell().await?,
                ("LEAVE", Some((_, room))) => {
                    room.leave(ctx.pid()).await?;
                    ctx.unlink(room);
                    self.rooms.pop();
                }
                _ => self.write("? not now").await?,
            },
        }
        Ok(())
    }

    #[handler]
    async fn deliver(&mut self, line: Arc<str>, missed: u64) -> ActorResult<()> {
        if missed > 0 {
            self.write(&format!("* {missed} lines were lost")).await?;
        }
        self.write(&line).await?;
        Ok(())
    }

    #[handler(exit)]
    async fn room_crashed(&mut self, exit: Exit, ctx: &mut Context<Self>) -> ActorResult<()> {
        let (Some(nick), Some((name, room))) =
            (&self.nick, self.rooms.iter().find(|(_, room)| room.pid() == exit.pid))
        else {
            return Ok(());
        };
        room.join(nick.clone(), ctx.this()).await?;
        self.write(&format!("* {name} crashed, and you are in it again")).await?;
        Ok(())
    }

    #[handler(stop)]
    async fn goodbye(&mut self, reason: ExitReason) {
        if reason == ExitReason::Shutdown {
            let _ = self.write("BYE the server ends").await;
        }
    }

    async fn write(&mut self, line: &str) -> std::io::Result<()> {
        self.writer.write_all(format!("{line}\n").as_bytes()).await
    }
}

/// Starts a connection for each socket that the listener accepts.
#[actor]
struct Acceptor {
    listener: Arc<TcpListener>,
    connections: Children<Connection, Handover>,
}

#[handlers]
impl Acceptor {
    #[handler(start)]
    fn open(&mut self, ctx: &mut Context<Self>) {
        let listener = self.listener.clone();
        let sockets = stream::unfold(listener, |listener| async move {
            let socket = listener.accept().await;
            Some((socket, listener))
        });
        ctx.attach(sockets, |socket| AcceptorMessage::Accepted { socket });
    }

    #[handler]
    async fn accepted(&mut self, socket: std::io::Result<(TcpStream, SocketAddr)>) -> ActorResult<()> {
        let (socket, _) = socket?;
        self.connections.start(Handover::new(socket)).await?;
        Ok(())
    }
}

/// The server. Connections end before the rooms that they are in; nobody is accepted by then.
#[supervisor(max_restarts = 10)]
struct Chat {
    listener: Arc<TcpListener>,

    #[child(start = |name: String| Room { name, members: HashMap::new(), lost: 0 })]
    rooms: Children<Room, String>,

    #[child(start = Lobby { rooms, by_name: HashMap::new() })]
    lobby: ActorRef<Lobby>,

    #[child(start = |socket: Handover| Connection::new(&socket, lobby)?, restart = "temporary", shutdown = "100ms")]
    connections: Children<Connection, Handover>,

    #[child(start = Acceptor { listener, connections })]
    acceptor: ActorRef<Acceptor>,
}

/// One side of a conversation with the server.
struct Client {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl Client {
    /// Connects with a receive buffer of a few kilobytes, so that a client that does not read is soon a full one.
    async fn connect(address: SocketAddr, nick: &str) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        let (reader, writer) = socket.connect(address).await?.into_split();
        let mut client = Self { lines: BufReader::new(reader).lines(), writer };
        client.send(&format!("NICK {nick}")).await?;
        Ok(client)
    }

    async fn send(&mut self, line: &str) -> std::io::Result<()> {
        self.writer.write_all(format!("{line}\n").as_bytes()).await
    }

    /// Reads up to the first line that begins like this, and returns what came, that line included.
    async fn read_to(&mut self, beginning: &str) -> std::io::Result<Vec<String>> {
        let mut seen = Vec::new();
        let reading = async {
            while let Some(line) = self.lines.next_line().await? {
                let found = line.starts_with(beginning);
                seen.push(line);
                if found {
                    return Ok(());
                }
            }
            Err(std::io::ErrorKind::UnexpectedEof.into())
        };
        let read = tokio::time::timeout(Duration::from_secs(5), reading).await;
        match read {
            Ok(Ok(())) => Ok(seen),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(std::io::Error::other(format!("no line begins with `{beginning}`: {seen:?}"))),
        }
    }

    /// Reads the server's goodbye, after which nothing may come.
    async fn read_goodbye(&mut self) -> std::io::Result<()> {
        self.read_to("BYE").await?;
        assert_eq!(self.lines.next_line().await?, None, "nothing comes after a goodbye");
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(4_096)?; // that of each connection, too
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(64)?;
    let address = listener.local_addr()?;
    let system = System::new("chat");
    let chat = system.start(Chat::spec(Arc::new(listener))).await?;

    // Talk, and the ways to go: to leave, to quit, to be cut off.
    let mut ada = Client::connect(address, "Ada").await?;
    ada.send("JOIN tea").await?;
    ada.read_to("* Ada is in tea").await?;
    let mut ben = Client::connect(address, "Ben").await?;
    ben.send("SAY too early").await?;
    ben.read_to("? not now").await?;
    ben.send("JOIN tea").await?;
    ada.read_to("* Ben is in tea").await?;
    ben.send("SAY hello").await?;
    ada.read_to("tea Ben: hello").await?;

    let mut cy = Client::connect(address, "Cy").await?;
    cy.send("JOIN tea").await?;
    ada.read_to("* Cy is in tea").await?;
    drop(cy);
    ada.read_to("* Cy has left tea").await?;
    ben.send("LEAVE").await?;
    ada.read_to("* Ben has left tea").await?;
    ben.send("JOIN tea").await?;
    ada.read_to("* Ben is in tea").await?;
    let mut dee = Client::connect(address, "Dee").await?;
    dee.send("JOIN tea").await?;
    dee.send("QUIT").await?;
    dee.read_goodbye().await?;
    ada.read_to("* Dee has left tea").await?;

    // A room crashes: its members are told, and are in it again.
    ben.send("CRASH").await?;
    ada.read_to("* tea crashed").await?;
    ben.read_to("* tea crashed").await?;
    ben.send("SAY still here").await?;
    ada.read_to("tea Ben: still here").await?;
    let tea = chat.lobby.room("tea".to_owned()).await?;
    assert_eq!(tea.process().restarts(), 1);
    chat.lobby.kill().await?;
    assert_eq!(chat.lobby.room("tea".to_owned()).await?, tea, "a new lobby knows the rooms");

    // One reads late, one reads never, and the others notice nothing.
    let mut late = Client::connect(address, "Late").await?;
    let mut never = Client::connect(address, "Never").await?;
    for (client, nick) in [(None, "Ada"), (Some(&mut late), "Late"), (Some(&mut never), "Never")] {
        client.unwrap_or(&mut ada).send("JOIN news").await?;
        ada.read_to(&format!("* {nick} is in news")).await?;
    }
    late.read_to("* Never is in news").await?;
    let text = "x".repeat(4_000);
    for number in 0..LINES {
        ada.send(&format!("SAY {number} {text}")).await?;
        ada.read_to(&format!("news Ada: {number} ")).await?;
    }
    let reading = tokio::spawn(async move { late.read_to("news Ada: end").await.map(|seen| (late, seen)) });
    let mut ends = 0;
    while !reading.is_finished() {
        ada.send(&format!("SAY end {ends}")).await?;
        ada.read_to(&format!("news Ada: end {ends}")).await?;
        ends += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let (mut late, seen) = reading.await??;
    let missed: usize = seen
        .iter()
        .filter_map(|line| line.strip_suffix(" lines were lost")?.strip_prefix("* ")?.parse::<usize>().ok())
        .sum();
    let got = seen.iter().filter(|line| line.starts_with("news Ada: ")).count();
    let last = seen.last().and_then(|line| line.strip_prefix("news Ada: end ")).ok_or("no end")?;
    assert!(missed > 0);
    assert_eq!(got + missed, LINES + last.parse::<usize>()? + 1, "each line came, or was counted");
    let lost = chat.lobby.room("news".to_owned()).await?.lost().await?;
    assert!(lost > missed as u64, "one never reads");

    // The end: everybody who reads gets a goodbye; the one who does not is cut off.
    let tree = system.tree();
    let stuck = chat.connections.members().await?.pop().ok_or("nobody is connected")?.monitor();
    let shutdown = tokio::spawn(async move { system.shutdown().await });
    ada.read_goodbye().await?;
    ben.read_goodbye().await?;
    late.read_goodbye().await?;
    let report = shutdown.await?;
    assert!(report.leaked.is_empty(), "{report:?}");
    assert_eq!(stuck.await.reason, ExitReason::Killed);
    drop(never);
    println!("{tree}\nlate got {got} lines and missed {missed}; {lost} were lost in all; {report:?}");
    Ok(())
}
