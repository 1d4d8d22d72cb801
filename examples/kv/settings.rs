//! What can be set, by flags or by the environment: `--port 7000` and `KV_PORT=7000` mean the same.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use crate::request::Limits;

pub const USAGE: &str = "\
kv: a Redis-protocol server on actors

    --port N          where to listen; 0 lets the system choose         (KV_PORT, 6379)
    --bind ADDRESS    on which address                                  (KV_BIND, 127.0.0.1)
    --dir PATH        where the journals are                            (KV_DIR, kv-data)
    --shards N        over how many actors the keys are spread;         (KV_SHARDS, as many as
                      settled when the directory is new                  cores, at least 2)
    --max-clients N   how many connections at one time                  (KV_MAX_CLIENTS, 50000)
    --max-value N     how many bytes a value may have                   (KV_MAX_VALUE, 33554432)
    --fsync           answer a change only when the disk has it         (KV_FSYNC=1)
";

#[derive(Clone, Debug)]
pub struct Settings {
    pub address: SocketAddr,
    pub dir: PathBuf,
    pub shards: usize,
    pub max_clients: usize,
    pub limits: Limits,
    pub fsync: bool,
}

/// What cannot be run, as text for the person who tried.
#[derive(Debug)]
pub struct BadSettings(pub String);

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadSettings {}

impl Settings {
    /// From the flags of this process and its environment; flags win.
    pub fn read() -> Result<Self, BadSettings> {
        Self::from(std::env::args().skip(1), |name| std::env::var(name).ok())
    }

    fn from(
        flags: impl IntoIterator<Item = String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, BadSettings> {
        let mut given = Vec::new();
        let mut flags = flags.into_iter();
        while let Some(flag) = flags.next() {
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (flag, None),
            };
            let value = match (name.as_str(), value) {
                ("--fsync", value) => value.unwrap_or_else(|| "1".into()),
                ("--port" | "--bind" | "--dir" | "--shards" | "--max-clients" | "--max-value", value) => {
                    value
                        .or_else(|| flags.next())
                        .ok_or_else(|| BadSettings(format!("{name} needs a value")))?
                }
                _ => return Err(BadSettings(format!("no flag {name}\n\n{USAGE}"))),
            };
            given.push((name, value));
        }
        let text = |name: &str| {
            let flag = given.iter().rfind(|(flag, _)| flag[2..] == *name).map(|(_, value)| value.clone());
            flag.or_else(|| environment(&format!("KV_{}", name.replace('-', "_").to_uppercase())))
        };
        fn read<T: FromStr>(name: &str, text: Option<String>, default: T) -> Result<T, BadSettings> {
            match text {
                None => Ok(default),
                Some(text) => text.parse().map_err(|_| BadSettings(format!("--{name} cannot be {text:?}"))),
            }
        }
        let ip = read("bind", text("bind"), IpAddr::V4(Ipv4Addr::LOCALHOST))?;
        let value = read("max-value", text("max-value"), 32 << 20)?;
        let settings = Self {
            address: SocketAddr::new(ip, read("port", text("port"), 6379)?),
            dir: text("dir").unwrap_or_else(|| "kv-data".into()).into(),
            shards: read("shards", text("shards"), 0)?,
            max_clients: read("max-clients", text("max-clients"), 50_000)?,
            limits: Limits { value, command: value.saturating_mul(2).saturating_add(1 << 20) },
            fsync: text("fsync").is_some_and(|text| text != "0"),
        };
        if settings.shards > 1024 {
            return Err(BadSettings("--shards can be 1024 at most".into()));
        }
        Ok(settings)
    }

    /// Makes the directory, and settles over how many shards its keys are spread: as it was begun.
    pub fn settle(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        std::fs::create_dir_all(&self.dir)?;
        let note = self.dir.join("shards");
        match std::fs::read_to_string(&note) {
            Ok(text) => {
                let begun: usize = text.trim().parse()?;
                if begun == 0 || (self.shards != 0 && self.shards != begun) {
                    let message = format!(
                        "{} was begun with {begun} shards and cannot be read with {}",
                        self.dir.display(),
                        self.shards
                    );
                    return Err(BadSettings(message).into());
                }
                self.shards = begun;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if self.shards == 0 {
                    self.shards =
                        std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 64));
                }
                std::fs::write(&note, format!("{}\n", self.shards))?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[&str], environment: &[(&str, &str)]) -> Result<Settings, BadSettings> {
        Settings::from(flags.iter().map(ToString::to_string), |wanted| {
            let found = environment.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn flags_win_over_the_environment() {
        let environment = [("KV_PORT", "1"), ("KV_MAX_CLIENTS", "7")];
        let settings = read(&["--port", "7000", "--dir=/data", "--fsync"], &environment).unwrap();
        assert_eq!(settings.address.port(), 7000);
        assert_eq!(settings.max_clients, 7);
        assert_eq!(settings.dir, PathBuf::from("/data"));
        assert!(settings.fsync);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for flags in [&["--port", "x"][..], &["--port"], &["--prot", "1"], &["--shards", "5000"]] {
            assert!(read(flags, &[]).is_err(), "{flags:?}");
        }
    }
}
