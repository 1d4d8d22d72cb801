/// Keeps money.
#[protocol(message(derive(Debug)))]
pub trait Ledger {
    /// Adds `amount` and answers the balance.
    fn deposit(&self, amount: u64) -> u64;
    fn rename(&self, name: impl Into<String>) -> Result<String, Taken>;
}

#[actor]
struct Account {
    balance: u64,
}

#[handlers(protocols(Ledger))]
impl Account {
    #[handler]
    fn deposit(&mut self, amount: u64) -> u64 {
        self.add(amount)
    }

    #[handler]
    async fn rename(&mut self, name: String) -> ActorResult<Result<String, Taken>> {
        self.register(name).await
    }
}
