// Who works in the bank; written by hand, and not expanded beside it.

use airssys_rt::prelude::*;

#[actor]
pub struct Ledger {
    total: i64,
}

impl Ledger {
    pub async fn open(path: &str) -> Result<Self, std::num::ParseIntError> {
        Ok(Self { total: path.parse()? })
    }
}

#[handlers]
impl Ledger {
    #[handler]
    pub fn add(&mut self, amount: i64) -> i64 {
        self.total += amount;
        self.total
    }
}

#[actor]
pub struct Teller {
    ledger: ActorRef<Ledger>,
}

impl Teller {
    pub fn new(ledger: ActorRef<Ledger>) -> Self {
        Self { ledger }
    }
}

#[handlers]
impl Teller {
    #[handler]
    pub async fn deposit(&mut self, amount: i64) -> ActorResult<i64> {
        Ok(self.ledger.add(amount).await?)
    }
}

#[supervisor]
pub struct Audit {
    ledger: ActorRef<Ledger>,
    #[child(start = Teller::new(ledger))]
    pub inspector: ActorRef<Teller>,
}
