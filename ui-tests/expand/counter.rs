/// Counts, and never below zero.
#[actor(mailbox(capacity = 256, backpressure = "block"))]
#[derive(Debug, Default)]
pub struct Counter {
    value: i64,
}

#[handlers(message(derive(Debug)))]
impl Counter {
    /// Adds `by` and answers the new value.
    #[handler]
    pub fn increment(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[handler]
    pub async fn value(&self) -> i64 {
        self.value
    }

    #[handler]
    pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        self.take(amount)
    }

    fn audit(&self) {}
}
