//! Without macros: what `#[actor]`, `#[handlers]` and `#[supervisor]` write for you, written by hand.
//!
//! The same tree as in many a macro example: a thermometer that must not read nonsense, a pool of displays,
//! a supervisor below with a logger, and sensors that are started at run time. Nothing here is private to the
//! macros, so the two styles mix: a hand-written actor can be the child of an annotated supervisor.

use airssys_rt::prelude::*;
use airssys_rt::{Answer, Plain};

/// The protocol is plain data: no channel and no reply slot inside.
#[derive(Debug)]
enum ThermometerMessage {
    Read { celsius: i32 },
    Average,
    Calibrate,
}

#[derive(Default)]
struct Thermometer {
    readings: Vec<i32>,
    offset: i32,
}

impl Thermometer {
    fn read(&mut self, celsius: i32) -> usize {
        assert!(celsius >= -273, "colder than cold");
        self.readings.push(celsius + self.offset);
        self.readings.len()
    }

    fn average(&self) -> Option<i32> {
        let count = i32::try_from(self.readings.len()).ok().filter(|count| *count > 0)?;
        Some(self.readings.iter().sum::<i32>() / count)
    }

    async fn calibrate(&mut self) -> i32 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.offset += 1;
        self.offset
    }
}

impl Actor for Thermometer {
    type Message = ThermometerMessage;

    const CONFIG: ActorConfig = ActorConfig::DEFAULT.capacity(64).backpressure(BackpressureStrategy::Block);
    // There is no start and no stop handler: saying so saves a task per start and per end.
    const STARTS: bool = false;
    const STOPS: bool = false;

    /// Which messages do not await. They cost no future, and may be handled on the asker's turn.
    fn is_plain(message: &ThermometerMessage) -> bool {
        matches!(message, ThermometerMessage::Read { .. } | ThermometerMessage::Average)
    }

    fn handle_plain(
        &mut self,
        message: ThermometerMessage,
        _ctx: &mut Context<Self>,
        answer: &mut Answer<'_>,
    ) -> Plain<ThermometerMessage> {
        match message {
            // The answer goes through a slot: where the message was told, nobody gets it.
            ThermometerMessage::Read { celsius } => answer.send(self.read(celsius)),
            ThermometerMessage::Average => answer.send(self.average()),
            later => return Plain::Later(later),
        }
        Plain::Done(Ok(()))
    }

    /// Every message that is not plain.
    async fn handle(&mut self, message: ThermometerMessage, ctx: &mut Context<Self>) -> ActorResult<()> {
        match message {
            ThermometerMessage::Calibrate => {
                let offset = self.calibrate().await;
                ctx.answer().send(offset);
                Ok(())
            }
            plain => Err(ActorError::msg(format!("{plain:?} is handled by `handle_plain`"))),
        }
    }
}

/// The typed methods: for every address of the protocol, so also for a `Recipient`, a `Pool` or a `Probe`.
trait ThermometerApi: Address<ThermometerMessage> {
    fn read(&self, celsius: i32) -> Request<'_, Self, ThermometerMessage, usize> {
        Request::new(self, ThermometerMessage::Read { celsius })
    }

    fn average(&self) -> Request<'_, Self, ThermometerMessage, Option<i32>> {
        Request::new(self, ThermometerMessage::Average)
    }

    fn calibrate(&self) -> Request<'_, Self, ThermometerMessage, i32> {
        Request::new(self, ThermometerMessage::Calibrate)
    }
}

impl<D: Address<ThermometerMessage>> ThermometerApi for D {}

/// A message that several actors handle: each says so with `impl Handles<Show>`.
#[derive(Clone, Debug)]
struct Show(String);

/// Handles nothing of its own, so its message has no value: the `match` below has nothing to do.
enum Nothing {}

struct Display {
    thermometer: ActorRef<Thermometer>,
    lines: u32,
}

impl Actor for Display {
    type Message = Nothing;

    async fn handle(&mut self, message: Nothing, _ctx: &mut Context<Self>) -> ActorResult<()> {
        match message {}
    }

    async fn on_start(&mut self, _ctx: &mut Context<Self>) -> ActorResult<()> {
        // A display is of no use without a thermometer that answers: an error here is a failed start.
        self.thermometer.average().await?;
        Ok(())
    }
}

impl Handles<Show> for Display {
    type Reply = u32;

    async fn handle(&mut self, Show(text): Show, _ctx: &mut Context<Self>) -> ActorResult<u32> {
        assert!(!text.is_empty());
        self.lines += 1;
        Ok(self.lines)
    }
}

#[derive(Default)]
struct Logger {
    log: Vec<String>,
}

impl Actor for Logger {
    type Message = Nothing;

    async fn handle(&mut self, message: Nothing, _ctx: &mut Context<Self>) -> ActorResult<()> {
        match message {}
    }

    /// Runs at the beginning of every incarnation: declared subscriptions and timers belong here.
    fn prepare(ctx: &mut Context<Self>) {
        ctx.subscribe::<Show>();
    }
}

impl Handles<Show> for Logger {
    type Reply = u32;

    async fn handle(&mut self, Show(text): Show, _ctx: &mut Context<Self>) -> ActorResult<u32> {
        self.log.push(text);
        Ok(u32::try_from(self.log.len())?)
    }
}

/// What the supervisor's handle derefs to: any struct will do.
struct Station {
    thermometer: ActorRef<Thermometer>,
    displays: Pool<Display>,
    archive: Supervised<Archive>,
    sensors: Children<Thermometer, i32>,
}

struct Archive {
    logger: ActorRef<Logger>,
}

fn archive() -> SupervisorSpec<Archive> {
    Supervisor::builder().name("Archive").plan(|mut children| async move {
        let logger = children.start(ChildSpec::new("logger", || async { Ok(Logger::default()) })).await?;
        Ok(Archive { logger })
    })
}

fn station() -> SupervisorSpec<Station> {
    Supervisor::builder()
        .name("Station")
        .strategy(RestartStrategy::RestForOne)
        .max_restarts(3)
        .within(Duration::from_secs(5))
        // The plan runs once, at the first start, and starts the children in order. What it hands from one to
        // the next are references, which outlive restarts; the closures run again for every incarnation.
        .plan(|mut children| async move {
            let thermometer = children
                .start(
                    ChildSpec::new("thermometer", || async { Ok(Thermometer::default()) })
                        .shutdown(Shutdown::After(Duration::from_secs(2)))
                        .named("thermometer"),
                )
                .await?;
            let displays = {
                let thermometer = thermometer.clone();
                let make = move || {
                    let thermometer = thermometer.clone();
                    async move { Ok(Display { thermometer, lines: 0 }) }
                };
                let spec = ChildSpec::new("displays", make).restart(RestartPolicy::Transient).pool(2);
                children.start(spec).await?
            };
            let archive = children.start(ChildSpec::supervisor("archive", async { Ok(archive()) })).await?;
            let sensors = children
                .start(
                    ChildSpec::dynamic("sensors", |offset: i32| async move {
                        Ok(Thermometer { offset, ..Thermometer::default() })
                    })
                    .restart(RestartPolicy::Temporary)
                    .max(2),
                )
                .await?;
            Ok(Station { thermometer, displays, archive, sensors })
        })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    examples::expect_panics("colder than cold");
    let system = System::new("weather");
    let station: Supervised<Station> = system.start(station()).await?;

    assert_eq!(station.thermometer.read(20).await?, 1);
    assert_eq!(station.thermometer.calibrate().await?, 1);
    assert_eq!(station.thermometer.read(23).await?, 2);
    assert_eq!(station.thermometer.average().await?, Some(22));

    // A name finds it, given its type.
    let found = system.lookup::<Thermometer>("thermometer").ok_or("the thermometer has a name")?;
    assert_eq!(found.pid(), station.thermometer.pid());

    // A shared message: by its value on any actor that handles it, or through a `Recipient` that does not
    // say which actor it is.
    assert_eq!(station.displays.ask(Show("22".into())).await?, 1);
    let anybody: Vec<Recipient<Show>> =
        vec![station.displays.recipient(), station.archive.logger.recipient()];
    for one in &anybody {
        one.tell(Show("22 degrees".into())).await?;
    }
    // The logger is also subscribed to it, as an event.
    assert_eq!(system.events().publish(Show("all clear".into())), 1);
    assert_eq!(station.archive.logger.ask(Show("done".into())).await?, 3);

    // Children at run time, two at most.
    let outside = station.sensors.start(-10).await?;
    assert_eq!(outside.read(5).await?, 1);
    assert_eq!(outside.average().await?, Some(-5));
    station.sensors.start(0).await?;
    assert_eq!(station.sensors.start(0).await.err(), Some(StartError::MaxChildren { max: 2 }));
    println!("{}", system.tree());

    // The crash of the first child takes the later ones down: last in, first out. The declared ones come back
    // in order under their old references, the temporary ones do not.
    let logger = station.archive.logger.pid();
    let crashed = station.thermometer.read(-300).await;
    assert!(matches!(crashed, Err(AskError::Crashed { .. })));
    assert_eq!(station.thermometer.average().await?, None, "a fresh thermometer has read nothing");
    assert_eq!(station.displays.ask(Show("--".into())).await?, 1);
    assert_eq!(station.archive.logger.ask(Show("again".into())).await?, 1);
    assert_eq!(station.archive.logger.pid(), logger);
    assert!(matches!(outside.average().await, Err(AskError::Stopped | AskError::Crashed { .. })));
    assert!(station.sensors.members().await?.is_empty());
    println!("{}", system.tree());

    // The administration of any supervisor works on a hand-written one.
    let count = station.count().await?;
    assert_eq!((count.specs, count.active, count.supervisors, count.workers), (4, 4, 1, 3));
    assert!(station.health().await?.is_healthy());
    assert!(matches!(station.delete_child("thermometer").await, Err(ChildError::Running { .. })));
    station.terminate_child("displays").await?;
    station.restart_child("displays").await?;
    assert_eq!(station.displays.ask(Show("--".into())).await?, 1);

    assert_eq!(station.stop().await?, ExitReason::Shutdown);
    assert!(system.lookup::<Thermometer>("thermometer").is_none(), "its name is free again");
    assert!(system.shutdown().await.is_clean());
    Ok(())
}
