//! What the measurements say, as tables to read.

/// The cells `floor | aim | verdict` of a figure of which less is better.
pub fn bounds(ours: f64, floor: Option<f64>, aim: Option<f64>) -> String {
    let cell = |bound: Option<f64>| bound.map_or_else(|| "-".to_owned(), |bound| format!("{bound:.0}"));
    let verdict = match (floor, aim) {
        (_, Some(aim)) if ours <= aim => "aim met",
        (Some(floor), _) if ours <= floor => "floor met",
        (Some(_), _) => "floor missed",
        (None, _) => "",
    };
    format!("{} | {} | {verdict}", cell(floor), cell(aim))
}

/// Says which guards do not hold; an error if they were asked for.
pub fn guard(asked: bool, broken: Vec<String>) -> Result<(), String> {
    println!();
    if broken.is_empty() {
        println!("Every guard holds.");
        return Ok(());
    }
    let broken = broken.join("\n");
    if asked {
        return Err(format!("a guard is broken:\n{broken}"));
    }
    println!("Above the guard (fails with --guard):\n{broken}");
    Ok(())
}
