#[actor(mailbox(capacity = unbounded), inline = false)]
struct Cache<K, V = String>
where
    K: Eq + Hash,
{
    map: HashMap<K, V>,
}

#[handlers]
impl<K: Send + 'static, V> Cache<K, V>
where
    K: Eq + Hash,
{
    #[handler]
    #[cfg(feature = "reads")]
    fn get(&mut self, key: K, ctx: &mut Context<Self>) -> ActorResult<Option<V>> {
        self.read(key, ctx)
    }

    #[handler]
    async fn rename(&mut self, name: impl Into<String>, reply: ReplyTo<String>) {
        self.later(name.into(), reply).await;
    }

    #[handler(start)]
    async fn begin(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.load(ctx).await
    }

    #[handler(stop)]
    fn end(&mut self, reason: &ExitReason) {
        self.save(reason);
    }

    #[handler(error)]
    fn failed(&mut self, error: &ActorError) -> ErrorAction {
        self.decide(error)
    }

    #[handler(event)]
    fn flushed(&mut self, event: Flushed) {
        self.note(event);
    }

    #[handler(every = "1m")]
    async fn sweep(&mut self) {
        self.clean().await;
    }

    #[handler(message)]
    fn size(&self, _of: Size) -> Result<usize, Overflow> {
        self.count()
    }
}
