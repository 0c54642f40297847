//! Links.

use crate::chars::{is_unspaced, is_wide_punctuation};
use crate::tree::Inline;

const SCHEMES: [&str; 4] = ["http://", "https://", "cairn://", "mailto:"];

/// The link at the start of a text, without punctuation that belongs to the sentence around it.
pub(super) fn bare(text: &str) -> Option<&str> {
    let scheme = scheme(text)?;
    let rest = &text[scheme.len()..];
    let end = rest.find(ends).unwrap_or(rest.len());
    let rest = trim(within_host(&rest[..end]));
    has_target(scheme, rest).then(|| &text[..scheme.len() + rest.len()])
}

/// The link before a closing parenthesis.
pub(super) fn bracketed(text: &str) -> Option<&str> {
    let scheme = scheme(text)?;
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => {
                let url = &text[..at];
                return has_target(scheme, &url[scheme.len()..]).then_some(url);
            }
            ')' => depth -= 1,
            c if c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`') => {
                return None;
            }
            _ => {}
        }
    }
    None
}

/// The node of a link.
pub(super) fn node<T>(url: &str, label: Option<&str>) -> Inline<T> {
    if let (None, Some((host, conversation, message))) = (label, permalink(url)) {
        return Inline::Permalink {
            url: url.to_owned(),
            host: host.to_owned(),
            conversation,
            message,
        };
    }
    Inline::Link {
        url: url.to_owned(),
        label: label.map(str::to_owned),
    }
}

fn scheme(text: &str) -> Option<&str> {
    SCHEMES.iter().find_map(|scheme| {
        let start = text.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(start)
    })
}

fn ends(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '`')
        || is_wide_punctuation(c)
}

/// Cuts a host that begins with ASCII before the first character of a script without blanks: the
/// sentence goes on there. In a path such characters belong to the link.
fn within_host(rest: &str) -> &str {
    if !rest.starts_with(|c: char| c.is_ascii()) {
        return rest;
    }
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..host_end].find(is_unspaced) {
        Some(at) => &rest[..at],
        None => rest,
    }
}

/// Cuts punctuation, delimiters, and closing brackets that are not opened in the link.
fn trim(rest: &str) -> &str {
    let count = |wanted: char| rest.chars().filter(|&c| c == wanted).count();
    let mut surplus = [('(', ')'), ('[', ']'), ('{', '}')]
        .map(|(open, close)| (close, count(close).saturating_sub(count(open))));
    let mut rest = rest;
    while let Some(last) = rest.chars().next_back() {
        let bracket = surplus.iter_mut().find(|(close, _)| *close == last);
        match bracket {
            Some((_, 0)) => break,
            Some((_, left)) => *left -= 1,
            None if matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '~') => {}
            None => break,
        }
        rest = &rest[..rest.len() - last.len_utf8()];
    }
    rest
}

fn has_target(scheme: &str, rest: &str) -> bool {
    if scheme.ends_with("//") {
        return rest.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    }
    rest.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}

/// The host, conversation and message that a link names.
fn permalink(url: &str) -> Option<(&str, u64, u64)> {
    let scheme = scheme(url).filter(|scheme| scheme.eq_ignore_ascii_case("cairn://"))?;
    let (host, fragment) = url[scheme.len()..].split_once("/#")?;
    let (conversation, message) = fragment.split_once('/')?;
    if host.contains('/') {
        return None;
    }
    Some((host, number(conversation)?, number(message)?))
}

/// A number as cairn writes it: without a sign or leading zeros.
fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain.then(|| text.parse().ok()).flatten()
}
