//! Addresses around an `@`: of mail, and of web pages that are written without a scheme.

use crate::chars::is_wide_punctuation;

/// Characters before an `@` that are searched for an address.
const BEFORE_MAX: usize = 256;

/// Returns whether an `@` belongs to an address and mentions no one: `a.b+c@example.org`,
/// `张三@example.org`, `example.org/?by=@bob`. A letter before it alone does not tell, since
/// `你好@bob` is a mention.
pub(super) fn is_in_address(before: &str, after: &str) -> bool {
    let is_border = |c: char| c.is_whitespace() || is_wide_punctuation(c) || "<>\"()`".contains(c);
    let near = before.chars().rev().take(BEFORE_MAX);
    let near: Vec<char> = near.take_while(|&c| !is_border(c)).collect();
    let is_page = near
        .iter()
        .rposition(|&c| c == '.')
        .is_some_and(|dot| near[..dot].contains(&'/') && dot + 1 < near.len());
    if is_page {
        return true;
    }
    let mut nearest = near.iter().skip_while(|c| "+-.%=&".contains(**c));
    nearest.next().is_some_and(|c| c.is_alphanumeric()) && is_domain(after)
}

/// Returns whether a text begins with labels and a last one of two or more ASCII letters.
fn is_domain(text: &str) -> bool {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.'))
        .unwrap_or(text.len());
    let mut labels = text[..end].split('.');
    labels.next().is_some_and(|first| !first.is_empty())
        && labels.next().is_some_and(|second| {
            let letters = second.chars().take_while(char::is_ascii_alphabetic);
            letters.count() >= 2
        })
}
