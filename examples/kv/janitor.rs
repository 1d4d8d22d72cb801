//! The janitor: ten times a second it sends everybody to tidy up.

use std::sync::Arc;
use std::time::Instant;

use airssys_rt::prelude::*;

use crate::server::Server;
use crate::shard::ShardApi;

#[actor]
#[derive(Debug)]
pub struct Janitor {
    server: Arc<Server>,
}

impl Janitor {
    pub fn new(server: Arc<Server>) -> Self {
        Self { server }
    }
}

#[handlers]
impl Janitor {
    #[handler(every = "100ms")]
    fn round(&mut self) {
        for shard in self.server.directory.shards() {
            // One that has no room for this has more important things to do.
            let _ = shard.tidy().try_tell();
        }
        self.server.board.tidy(Instant::now());
    }
}
