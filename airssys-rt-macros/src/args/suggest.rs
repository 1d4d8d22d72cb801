//! "Did you mean": the known word that takes the fewest keystrokes to reach.

/// The word of `known` nearest to `word`, if it is near enough to have been meant.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.to_lowercase().replace('-', "_");
    let limit = word.chars().count().max(3) / 3;
    // `maximum` for `max`: more than a slip, and as clear.
    let longer = known.iter().copied().find(|candidate| candidate.len() > 2 && word.starts_with(candidate));
    let near = known
        .iter()
        .map(|candidate| (distance(&word, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    near.or(longer)
}

/// How many letters have to be put in, left out, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in table.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in table[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (table[i - 1][j] + 1).min(table[i][j - 1] + 1).min(table[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = best;
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn a_swap_is_one_keystroke() {
        assert_eq!(distance("mailbxo", "mailbox"), 1);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn a_word_that_is_nothing_like_any_gets_no_suggestion() {
        assert_eq!(nearest("capcity", &["capacity", "backpressure"]), Some("capacity"));
        assert_eq!(nearest("drop-oldest", &["drop", "drop_oldest"]), Some("drop_oldest"));
        assert_eq!(nearest("colour", &["capacity", "backpressure"]), None);
    }
}
