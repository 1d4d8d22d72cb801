//! Programs to learn from, and the one helper that they share.

use std::panic::{PanicHookInfo, set_hook, take_hook};

/// Keeps standard error quiet about panics whose text contains `expected`; every other panic is reported as ever.
///
/// An actor that panics is restarted by its supervisor, and the crash is traced. Rust's own panic hook
/// prints a report besides, before anybody has caught anything: right in a service, where a panic is news.
/// These programs crash their actors on purpose, some of them a thousand times, and news would drown in it.
pub fn expect_panics(expected: &'static str) {
    let report = take_hook();
    set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let awaited = text.is_some_and(|text| text.contains(expected));
        if !awaited {
            report(panic);
        }
    }));
}
