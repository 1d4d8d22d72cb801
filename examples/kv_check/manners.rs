//! Clients with bad manners, and very many clients.

use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::Outcome;
use crate::client::{Client, Reply, command};

const PATIENCE: Duration = Duration::from_secs(10);

fn pong(reply: &Reply) -> bool {
    matches!(reply, Reply::SimpleString(text) if text == b"PONG")
}

/// The memory that a process really uses, in bytes.
fn memory(pid: u32) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes * 1024)
}

pub async fn malformed(port: u16) -> Outcome {
    let mut bystander = Client::connect(port).await?;
    let mut nested = Vec::new();
    for _ in 0..100_000 {
        nested.extend_from_slice(b"*1\r\n");
    }
    let inputs: [&[u8]; 11] = [
        b"*x\r\n",
        b"*1\r\n+PING\r\n",
        b"*99999999999999999999\r\n",
        b"*2\r\n$3\r\nGET\r\n$-7\r\n",
        b"*2\r\n$3\r\nGET\r\n$99999999999\r\n",
        b"*1\r\n$4\r\nPINGPONG\r\n",
        b"*1\r\n$x\r\n",
        b"\x16\x03\x01\x00\xa5",
        b"\0\0\0\0",
        b"PING \x07\r\n",
        &nested,
    ];
    for input in inputs {
        let name = input[..input.len().min(40)].escape_ascii();
        let mut client = Client::connect(port).await?;
        let _ = client.send(b"PING\r\n").await;
        let _ = client.send(input).await;
        if !pong(&timeout(PATIENCE, client.reply()).await??) {
            return Err(format!("what came before {name} was not answered").into());
        }
        match timeout(PATIENCE, client.reply()).await? {
            Ok(Reply::Error(text)) if text.starts_with("ERR Protocol error") => {}
            other => return Err(format!("{name} was answered with {other:?}").into()),
        }
        // Closed, by an end or by a reset where bytes were still on their way.
        if let Ok(1..) = timeout(PATIENCE, client.stream.read(&mut [0; 16])).await? {
            return Err(format!("the connection went on after {name}").into());
        }
        if !pong(&timeout(PATIENCE, bystander.ask(&[b"PING"])).await??) {
            return Err(format!("another connection was touched by {name}").into());
        }
    }
    Ok(format!(
        "malformed: {} inputs, each a protocol error and the end of its connection alone",
        inputs.len()
    ))
}

pub async fn oversize(port: u16, limit: usize) -> Outcome {
    let mut client = Client::connect(port).await?;
    for size in [limit + 1, 64 << 20] {
        let huge = vec![b'x'; size];
        match timeout(PATIENCE, client.ask(&[b"SET", b"huge", &huge])).await?? {
            Reply::Error(text) if text.contains("limit") => {}
            other => return Err(format!("{size} bytes were answered with {other:?}").into()),
        }
        if timeout(PATIENCE, client.ask(&[b"EXISTS", b"huge"])).await?? != Reply::Integer(0) {
            return Err("a refused value is there".into());
        }
    }
    let largest: Vec<u8> = (0..limit).map(|place| place as u8).collect();
    client.ask(&[b"SET", b"largest", &largest]).await?;
    if timeout(PATIENCE, client.ask(&[b"GET", b"largest"])).await?? != Reply::BulkString(largest) {
        return Err("the largest value did not come back".into());
    }
    client.ask(&[b"DEL", b"largest"]).await?;
    Ok(format!("oversize: {limit} bytes stored, one more and 64 MiB refused on a connection that went on"))
}

pub async fn slow(port: u16, pid: u32) -> Outcome {
    let mut other = Client::connect(port).await?;
    let value = vec![b'v'; 1 << 20];
    other.ask(&[b"SET", b"slow", &value]).await?;
    let before = memory(pid)?;
    // Ten gigabytes of answers asked for, and none read.
    let mut slow = Client::connect(port).await?;
    let mut out = Vec::new();
    for _ in 0..10_000 {
        command(&mut out, &[b"GET", b"slow"]);
    }
    let asked = timeout(Duration::from_secs(1), slow.send(&out)).await.is_ok();
    // And a subscriber that does not read what is published.
    let mut deaf = Client::connect(port).await?;
    deaf.ask(&[b"SUBSCRIBE", b"news"]).await?;
    let mut most = before;
    for _ in 0..400 {
        other.ask(&[b"PUBLISH", b"news", &value]).await?;
        most = most.max(memory(pid)?);
    }
    let began = Instant::now();
    for _ in 0..100 {
        if !pong(&timeout(PATIENCE, other.ask(&[b"PING"])).await??) {
            return Err("another client is not served".into());
        }
    }
    let grown = most.saturating_sub(before) >> 20;
    drop((slow, deaf));
    other.ask(&[b"DEL", b"slow"]).await?;
    // The board of channels keeps 32 MiB; the rest is what the allocator's arenas make of values of 1 MiB that pass
    // through several threads: 60 to 140 MiB were seen. Unbounded growth would be 400 MiB and more.
    if grown > 256 {
        return Err(format!("the server grew by {grown} MiB").into());
    }
    Ok(format!(
        "slow: 10,000 answers of 1 MiB and 400 messages of 1 MiB not read: the server grew by {grown} MiB, others waited \
         {:?} for a PING{}",
        began.elapsed() / 100,
        if asked { "" } else { ", the slow one was not read from" }
    ))
}

/// Asks for much and reads nothing, until the server ends.
pub async fn hold(port: u16) -> Outcome {
    let mut client = Client::connect(port).await?;
    client.ask(&[b"SET", b"held", &vec![b'v'; 1 << 20]]).await?;
    let mut out = Vec::new();
    for _ in 0..1_000 {
        command(&mut out, &[b"GET", b"held"]);
    }
    client.send(&out).await?;
    println!("holding");
    timeout(3 * PATIENCE, async {
        // Writing shows the end, too, and leaves the answers unread.
        while client.send(b"PING\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await?;
    Ok("hold: the server ended".into())
}

pub async fn crowd(port: u16, pid: u32, count: usize) -> Outcome {
    let before = memory(pid)?;
    let began = Instant::now();
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(Client::connect(port).await.map_err(|error| format!("{}: {error}", clients.len()))?);
    }
    for round in 0..2 {
        for client in &mut clients {
            client.send(b"*1\r\n$4\r\nPING\r\n").await?;
        }
        for client in &mut clients {
            if !pong(&timeout(PATIENCE, client.reply()).await??) {
                return Err(format!("no PONG in round {round}").into());
            }
        }
    }
    let took = began.elapsed();
    let each = memory(pid)?.saturating_sub(before) / count as u64;
    Ok(format!(
        "crowd: {count} connections open at one time, each answered twice in {took:.1?}, {each} bytes each"
    ))
}

pub async fn crash(port: u16, count: usize) -> Outcome {
    let mut client = Client::connect(port).await?;
    for round in 0..count {
        let key = format!("crash:{}", round % 64);
        let (key, value) = (key.as_bytes(), format!("{round}"));
        let mut out = Vec::new();
        command(&mut out, &[b"SET", key, value.as_bytes()]);
        command(&mut out, &[b"DEBUG", b"PANIC", key]);
        command(&mut out, &[b"GET", key]);
        client.send(&out).await?;
        let replies = [client.reply().await?, client.reply().await?, client.reply().await?];
        let right = matches!(&replies[0], Reply::SimpleString(text) if text == b"OK")
            && matches!(&replies[1], Reply::Error(text) if text.contains("crashed"))
            && replies[2] == Reply::BulkString(value.into_bytes());
        if !right {
            return Err(format!("round {round}: {replies:?}").into());
        }
    }
    Ok(format!("crash: {count} crashes inside pipelines, an error for each and for nothing else"))
}
