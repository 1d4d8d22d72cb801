//! The patterns of `KEYS` and `CONFIG GET`: `*`, `?`, `[a-z]`, `[^a]` and `\` before a literal.

/// Whether all of `text` is what `pattern` describes.
pub fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // Where to go on when it goes wrong: the last star, and the text it has not yet taken.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        let step = match pattern {
            [b'*', rest @ ..] => {
                retry = Some((rest, text));
                pattern = rest;
                continue;
            }
            [] if text.is_empty() => return true,
            [] => None,
            _ => text.split_first().and_then(|(byte, tail)| Some((one(pattern, *byte)?, tail))),
        };
        match (step, retry) {
            (Some((rest, tail)), _) => (pattern, text) = (rest, tail),
            (None, Some((after_star, [_, tail @ ..]))) => {
                retry = Some((after_star, tail));
                (pattern, text) = (after_star, tail);
            }
            (None, _) => return false,
        }
    }
}

/// What is left of a pattern after its first element has taken `byte`.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'\\', literal, rest @ ..] => (*literal == byte).then_some(rest),
        [b'[', rest @ ..] => {
            let (negated, mut rest) = match rest {
                [b'^', rest @ ..] => (true, rest),
                rest => (false, rest),
            };
            let mut found = false;
            loop {
                rest = match rest {
                    // An open class ends with the pattern, as it does in Redis.
                    [] => return (found != negated).then_some(rest),
                    [b']', rest @ ..] => return (found != negated).then_some(rest),
                    [b'\\', literal, rest @ ..] => {
                        found |= *literal == byte;
                        rest
                    }
                    [first, b'-', last, rest @ ..] if *last != b']' => {
                        found |= (*first.min(last)..=*first.max(last)).contains(&byte);
                        rest
                    }
                    [literal, rest @ ..] => {
                        found |= *literal == byte;
                        rest
                    }
                };
            }
        }
        [literal, rest @ ..] => (*literal == byte).then_some(rest),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h*llo", "heeeello", true),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("*a*b*c*", "xxaxxbxxcxx", true),
            ("*a*b*c", "xxaxxbxxcxx", false),
            ("a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("key:*", "key:1", true),
            ("[ab", "a", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), wanted, "{pattern} on {text}");
        }
    }
}
