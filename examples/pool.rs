//! A pool: four workers behind one address, each with a resource that is too dear to make per request.
//!
//! The typed methods of a worker exist on the pool: a caller cannot tell it from a single worker, but by
//! its speed and by the crashes it does not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use airssys_rt::prelude::*;

const WORKERS: usize = 4;
const JOBS: usize = 40;

/// Counts how many jobs are in hand at the same moment, over all workers.
#[derive(Clone, Default)]
pub struct Gauge {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Gauge {
    fn enter(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Renders pages; a mailbox of eight is all the backlog that one of them may have.
#[actor(mailbox(capacity = 8))]
pub struct Renderer {
    gauge: Gauge,
    rendered: usize,
}

impl Renderer {
    /// Opens the resource. Called anew for every incarnation of every member.
    async fn open(gauge: &Gauge) -> std::io::Result<Self> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(Self { gauge: gauge.clone(), rendered: 0 })
    }
}

#[handlers]
impl Renderer {
    /// Renders a page. While this one awaits, its siblings work.
    #[handler]
    pub async fn render(&mut self, page: usize) -> String {
        self.gauge.enter();
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.gauge.leave();
        self.rendered += 1;
        format!("page {page}")
    }

    #[handler]
    pub fn render_broken_page(&mut self) -> String {
        panic!("a broken page");
    }

    #[handler]
    pub fn rendered(&self) -> usize {
        self.rendered
    }
}

#[supervisor]
pub struct Press {
    gauge: Gauge,

    /// One child for the supervisor's strategy; inside, a crash concerns one member alone.
    #[child(start = Renderer::open(&gauge).await?, count = WORKERS)]
    pub renderers: Pool<Renderer>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    examples::expect_panics("a broken page");
    let system = System::new("press");
    let gauge = Gauge::default();
    let press = system.start(Press::spec(gauge.clone())).await?;
    println!("{}", system.tree());

    // Forty asks at the same time. `owned()` makes a request that holds its address, so that a task can
    // take it along.
    let asks: Vec<_> =
        (0..JOBS).map(|page| tokio::spawn(press.renderers.render(page).owned().ask())).collect();
    for (page, ask) in asks.into_iter().enumerate() {
        assert_eq!(ask.await??, format!("page {page}"));
    }
    let most = gauge.most.load(Ordering::SeqCst);
    println!("{JOBS} pages by {WORKERS} renderers, at most {most} at the same time");
    assert!((2..=WORKERS).contains(&most), "one at a time in each member, several in all");

    // `all` asks every member and gives the answers in order. Messages go round in turn, so each had its share.
    let before = rendered(&press).await;
    println!("rendered by each: {before:?}");
    assert_eq!(before.iter().sum::<usize>(), JOBS);
    assert!(before.iter().all(|pages| *pages > 0));

    // One member crashes: its state begins anew, its siblings keep theirs.
    let answer = press.renderers.members()[1].render_broken_page().await;
    assert!(matches!(answer, Err(AskError::Crashed { .. })));
    let after = rendered(&press).await;
    assert_eq!(after, [before[0], 0, before[2], before[3]]);

    // The pool goes on as if nothing had happened: its references are as stable as an `ActorRef`.
    for page in 0..WORKERS {
        assert_eq!(press.renderers.render(page).await?, format!("page {page}"));
    }
    assert_eq!(rendered(&press).await, after.map(|pages| pages + 1));

    // A full member says so to whoever does not want to wait. Who awaits a `tell` waits for room instead.
    let first = &press.renderers.members()[0];
    let refused = (0..100).find_map(|page| first.render(page).try_tell().err());
    let Some(TrySendError::Full(message)) = refused else {
        panic!("a mailbox of eight took a hundred messages")
    };
    // The message comes back with the error: nothing is lost by trying.
    assert!(matches!(message, RendererMessage::Render { page: 1.. }));
    first.render(0).tell().await?;

    println!("{}", system.tree());
    assert!(system.shutdown().await.is_clean());
    Ok(())
}

/// What each member says; an error of one would stand in its place.
async fn rendered(press: &Press) -> [usize; WORKERS] {
    let answers = press.renderers.all(|renderer| renderer.rendered()).await;
    let pages: Vec<usize> = answers.into_iter().map(|answer| answer.expect("every member answers")).collect();
    pages.try_into().expect("one answer for each member")
}
