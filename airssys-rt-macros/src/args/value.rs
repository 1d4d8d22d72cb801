//! The values an option can have; a string and a bare word mean the same.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Ident, Lit, Path, Token, Visibility};

use super::suggest::nearest;
use super::{Options, Value, join};
use crate::errors::{Errors, show};

impl Options {
    /// `name = word`, one of `words`, each with what it stands for.
    pub fn word<T: Clone>(&mut self, name: &str, words: &[(&str, T)], errors: &mut Errors) -> Option<T> {
        let expr = self.value(name, words[0].0, errors)?;
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let Some(word) = word(&expr) else {
            errors.at(&expr, format!("`{name}` is one of {}, not `{}`", join(&known), show(&expr)));
            return None;
        };
        match words.iter().find(|(known, _)| *known == word) {
            Some((_, meaning)) => Some(meaning.clone()),
            None => {
                let message = match nearest(&word, &known) {
                    Some(near) => format!("`{name}` cannot be `{word}`: did you mean `{near}`?"),
                    None => format!("`{name}` cannot be `{word}`: it is one of {}", join(&known)),
                };
                errors.at(&expr, message);
                None
            }
        }
    }

    /// `name = "5s"`, and where it stands.
    pub fn duration(&mut self, name: &str, errors: &mut Errors) -> Option<(Duration, Expr)> {
        self.duration_unless(name, "write at least \"1ns\"", errors)
    }

    /// The same, with what to write instead of no time at all.
    pub fn duration_unless(
        &mut self,
        name: &str,
        zero: &str,
        errors: &mut Errors,
    ) -> Option<(Duration, Expr)> {
        let expr = self.value(name, "\"5s\"", errors)?;
        match duration(&expr) {
            Ok(Duration::ZERO) => {
                errors.at(&expr, format!("`{}` is no time at all: {zero}", show(&expr)));
                None
            }
            Ok(duration) => Some((duration, expr)),
            Err(message) => {
                errors.at(&expr, message);
                None
            }
        }
    }

    /// `name` alone, `name = true` or `name = false`.
    pub fn flag(&mut self, name: &str, errors: &mut Errors) -> Option<(Ident, bool)> {
        let (ident, value) = self.take(name)?;
        match value {
            Value::Nothing => return Some((ident, true)),
            Value::Is(expr) => match word_or_bool(&expr).as_deref() {
                Some("true") => return Some((ident, true)),
                Some("false") => return Some((ident, false)),
                _ => errors.at(&expr, format!("`{name}` is `true` or `false`, not `{}`", show(&expr))),
            },
            _ => errors.at(&ident, format!("`{name}` is a switch: write `{name} = true`")),
        }
        None
    }

    /// `name = "text"`, also `name = text`.
    pub fn text(&mut self, name: &str, errors: &mut Errors) -> Option<(String, Expr)> {
        let expr = self.value(name, "\"…\"", errors)?;
        match word(&expr) {
            Some(text) => Some((text, expr)),
            None => {
                errors.at(&expr, format!("`{name}` is a string: write `{name} = \"…\"`"));
                None
            }
        }
    }

    /// `name = path`, also as a string.
    pub fn path(&mut self, name: &str, errors: &mut Errors) -> Option<Path> {
        let expr = self.value(name, "some::path", errors)?;
        let path = match bare(&expr) {
            Expr::Path(path) if path.qself.is_none() => Some(path.path.clone()),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.parse_with(Path::parse_mod_style).ok(),
            _ => None,
        };
        if path.is_none() {
            errors.at(&expr, format!("`{name}` is a path: write `{name} = some::path`"));
        }
        path
    }

    /// `name = "pub(crate)"`, also without the quotes.
    pub fn visibility(&mut self, name: &str, errors: &mut Errors) -> Option<Visibility> {
        let (ident, value) = self.take(name)?;
        let wrong = |errors: &mut Errors, at: &dyn quote::ToTokens| {
            errors.at(
                at.to_token_stream(),
                format!("`{name}` is a visibility: write `{name} = \"pub(crate)\"`, or `{name} = \"\"` for a private one"),
            );
            None
        };
        match value {
            Value::Visible(vis) => Some(vis),
            Value::Is(expr) => match bare(&expr) {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    let parsed = if matches!(text.value().trim(), "" | "private") {
                        Ok(Visibility::Inherited)
                    } else {
                        text.parse::<Visibility>()
                    };
                    parsed.ok().or_else(|| wrong(errors, &text))
                }
                _ => wrong(errors, &expr),
            },
            _ => wrong(errors, &ident),
        }
    }

    /// `name(A, B)`.
    pub fn paths(&mut self, name: &str, errors: &mut Errors) -> Vec<Path> {
        let Some((ident, value)) = self.take(name) else { return Vec::new() };
        let Value::List(tokens, span) = value else {
            errors.at(&ident, format!("`{name}` is a list: write `{name}(Debug, Clone)`"));
            return Vec::new();
        };
        match Punctuated::<Path, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(paths) => paths.into_iter().collect(),
            Err(_) => {
                errors.at_span(span, format!("`{name}` is a list of names: write `{name}(Debug, Clone)`"));
                Vec::new()
            }
        }
    }

    /// The expression after `name =`.
    pub fn value(&mut self, name: &str, example: &str, errors: &mut Errors) -> Option<Expr> {
        let (ident, value) = self.take(name)?;
        match value {
            Value::Is(expr) => Some(bare(&expr).clone()),
            Value::Visible(vis) => {
                errors.at(vis, format!("`{name}` is no visibility: write `{name} = {example}`"));
                None
            }
            Value::Nothing | Value::List(..) => {
                errors.at(&ident, format!("`{name}` needs a value: write `{name} = {example}`"));
                None
            }
        }
    }
}

/// An expression without the invisible group that a `macro_rules!` variable puts around it.
pub fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => bare(&group.expr),
        _ => expr,
    }
}

/// The word that an expression is: `drop` or `"drop"`.
pub fn word(expr: &Expr) -> Option<String> {
    match bare(expr) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

fn word_or_bool(expr: &Expr) -> Option<String> {
    match bare(expr) {
        Expr::Lit(ExprLit { lit: Lit::Bool(yes), .. }) => Some(yes.value.to_string()),
        _ => word(expr),
    }
}

/// A whole number of at least `least` and at most `most`.
pub fn number(name: &str, expr: &Expr, least: u64, most: u64) -> Result<u64, String> {
    let Expr::Lit(ExprLit { lit: Lit::Int(digits), .. }) = bare(expr) else {
        return Err(format!("`{name}` is a whole number, not `{}`: write `{name} = 3`", show(expr)));
    };
    match digits.base10_parse::<u64>() {
        Ok(n) if n < least => Err(format!("`{name}` is at least {least}")),
        Ok(n) if n > most => Err(format!("`{name}` is at most {most}")),
        Ok(n) if matches!(digits.suffix(), "" | "usize" | "u8" | "u16" | "u32" | "u64") => Ok(n),
        Ok(_) => Err(format!("`{name}` is a plain number: write `{}`", digits.base10_digits())),
        Err(_) => Err(format!("`{name}` is at most {most}")),
    }
}

const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The duration that `"1.5s"` or `5s` says.
fn duration(expr: &Expr) -> Result<Duration, String> {
    let text = match bare(expr) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => format!("{}{}", int.base10_digits(), int.suffix()),
        Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) => {
            format!("{}{}", float.base10_digits(), float.suffix())
        }
        other => {
            return Err(format!(
                "`{}` is no duration: write a number with a unit, such as \"5s\"",
                show(other)
            ));
        }
    };
    duration_of(&text)
}

fn duration_of(text: &str) -> Result<Duration, String> {
    const HINT: &str = "a number and one of the units ns, us, ms, s, m, h, such as \"5s\"";
    let text = text.trim();
    let end =
        text.find(|sign: char| !(sign.is_ascii_digit() || matches!(sign, '.' | '_'))).unwrap_or(text.len());
    let (digits, unit) = (text[..end].replace('_', ""), text[end..].trim());
    if text.is_empty() {
        return Err(format!("a duration is not empty: write {HINT}"));
    }
    let (Ok(amount), true) = (digits.parse::<f64>(), !digits.is_empty()) else {
        return Err(format!("`{text}` is no duration: write {HINT}"));
    };
    if unit.is_empty() {
        return Err(format!(
            "`{text}` has no unit: write `\"{text}s\"`, `\"{text}ms\"` or another of ns, us, m, h"
        ));
    }
    let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("`{unit}` is no unit of time: write {HINT}"));
    };
    // Whole numbers stay exact; a fraction is rounded to the nanosecond.
    let total = match digits.parse::<u64>() {
        Ok(whole) => whole.checked_mul(*nanos),
        Err(_) => Some(amount * *nanos as f64)
            .filter(|total| *total < u64::MAX as f64)
            .map(|total| total.round() as u64),
    };
    match total {
        None => Err(format!("`{text}` is longer than a duration can be: write at most \"5124095h\"")),
        Some(total) => Ok(Duration::from_nanos(total)),
    }
}

/// Checks that nothing stands in an attribute that takes no options.
pub fn nothing(tokens: &TokenStream, word: &str, errors: &mut Errors) {
    if !tokens.is_empty() {
        errors.at(tokens, format!("`{word}` takes no options: write `#[handler({word})]`"));
    }
}

#[cfg(test)]
mod tests {
    use super::duration_of;
    use std::time::Duration;

    #[test]
    fn every_unit_counts() {
        for (text, millis) in
            [("5s", 5_000), ("1.5s", 1_500), ("2m", 120_000), ("1h", 3_600_000), ("1_000ms", 1_000)]
        {
            assert_eq!(duration_of(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration_of("7us"), Ok(Duration::from_micros(7)));
        assert_eq!(duration_of("7µs"), Ok(Duration::from_micros(7)));
        assert_eq!(duration_of("9ns"), Ok(Duration::from_nanos(9)));
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, part) in
            [("5", "no unit"), ("5 sec", "`sec` is no unit"), ("s", "no duration"), ("", "not empty")]
        {
            let message = duration_of(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
        assert!(duration_of("99999999999999999h").unwrap_err().contains("longer"));
    }
}
