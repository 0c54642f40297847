//! Links as people paste them. Mail and chat programs wrap lines, quote, escape and decorate; none
//! of this is part of a link, and what is part of it has a fixed length.

use super::{LinkError, SCHEME, ServerAddr};

/// Characters of a pin, and of a token, in base64url.
pub(super) const PIN_CHARS: usize = 43;
pub(super) const TOKEN_CHARS: usize = 22;

/// A link in its parts, without what was around it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) addr: ServerAddr,
    /// What is between the address and the `#`.
    pub(super) path: String,
    pub(super) pin: String,
    /// Empty if the link ends after the pin.
    pub(super) token: String,
}

pub(super) fn split(raw: &str) -> Result<Parts, LinkError> {
    let chars: Vec<char> = decoded(raw);
    let start = scheme_end(&chars).ok_or(LinkError::Scheme)?;
    rest(chars.get(start..).unwrap_or_default())
}

/// As [`split`], where the link may begin with the address.
pub(super) fn split_server(raw: &str) -> Result<Parts, LinkError> {
    let chars: Vec<char> = decoded(raw);
    let start = scheme_end(&chars).unwrap_or_else(|| {
        let is_part = |c: &char| c.is_alphanumeric() || *c == '[';
        chars.iter().position(is_part).unwrap_or_default()
    });
    rest(chars.get(start..).unwrap_or_default())
}

/// Removes what surrounds an address.
pub(super) fn undecorated(raw: &str) -> String {
    let chars = decoded(raw).into_iter().filter(|&c| !is_skipped(c));
    let text: String = chars.collect();
    let is_around = |c: char| !c.is_alphanumeric() && !matches!(c, '[' | ']');
    let text = text.trim_matches(is_around);
    // Brackets belong to the address only around IPv6.
    match text.contains("]:") {
        true => text.to_owned(),
        false => text.trim_matches(['[', ']']).to_owned(),
    }
}

fn rest(chars: &[char]) -> Result<Parts, LinkError> {
    let hash = chars
        .iter()
        .position(|&c| c == '#')
        .ok_or(LinkError::Fragment)?;
    let (head, fragment) = chars.split_at_checked(hash).ok_or(LinkError::Fragment)?;
    let head: String = head.iter().copied().filter(|&c| !is_skipped(c)).collect();
    let (addr, path) = head.split_once('/').unwrap_or((&head, ""));
    let addr = addr.parse()?;
    let mut after = Scanner(fragment.get(1..).unwrap_or_default());
    let pin = after.take(PIN_CHARS)?;
    let token = match after.dot() {
        true => after.take(TOKEN_CHARS)?,
        false => String::new(),
    };
    after.check_end()?;
    Ok(Parts {
        addr,
        path: path.trim_end_matches('/').to_ascii_lowercase(),
        pin,
        token,
    })
}

/// The part of a link after the `#`.
struct Scanner<'a>(&'a [char]);

impl Scanner<'_> {
    /// Takes this many characters of base64url, over what was put between them.
    fn take(&mut self, count: usize) -> Result<String, LinkError> {
        let mut taken = String::with_capacity(count);
        while taken.len() < count {
            let Some((&c, after)) = self.0.split_first() else {
                let missing = count - taken.len();
                return Err(LinkError::Short { missing });
            };
            self.0 = after;
            match c {
                c if is_base64url(c) => taken.push(c),
                // Typography makes dashes of hyphens.
                '\u{2010}' | '\u{2011}' | '\u{2212}' | '\u{ff0d}' => taken.push('-'),
                '\u{2013}' | '\u{2014}' => taken.push_str("--"),
                // Mail quotes the lines that it wraps.
                c if is_skipped(c) || c == '>' => {}
                // Quoted-printable ends such a line with this.
                '=' if matches!(self.0.first(), Some('\r' | '\n')) => {}
                c => return Err(LinkError::Character(c)),
            }
        }
        match taken.len() == count {
            true => Ok(taken),
            false => Err(LinkError::Character('\u{2014}')),
        }
    }

    /// Takes the dot before a token. A dot at the end of a sentence is none.
    fn dot(&mut self) -> bool {
        let Some(dot) = self.0.iter().position(|&c| !is_skipped(c)) else {
            return false;
        };
        let after = match self.0.get(dot..).and_then(<[char]>::split_first) {
            Some(('.', after)) => after,
            _ => return false,
        };
        let mut shown = after.iter().copied().filter(|&c| !is_invisible(c));
        let is_next = shown.next().is_some_and(is_base64url);
        // Over a gap, a token differs from text by its length.
        let unwrapped = after.iter().copied().filter(|&c| !is_skipped(c));
        let length = unwrapped.take_while(|&c| is_base64url(c)).count();
        let is_token = is_next || length >= TOKEN_CHARS;
        if is_token {
            self.0 = after;
        }
        is_token
    }

    /// Anything may follow, unless it makes the link longer.
    fn check_end(&self) -> Result<(), LinkError> {
        let mut marks = self.0.iter().copied();
        let next = marks.find(|&c| !matches!(c, '_' | '*' | '~') && !is_invisible(c));
        match next.filter(|&c| is_base64url(c)) {
            Some(c) => Err(LinkError::Character(c)),
            None => Ok(()),
        }
    }
}

/// Undoes the percent-encoding of ASCII, and the escaping of `#`, `&` and others in HTML.
fn decoded(raw: &str) -> Vec<char> {
    let mut chars: Vec<char> = Vec::with_capacity(raw.len());
    let mut left = raw;
    while let Some(c) = left.chars().next() {
        let (decoded, length) = match c {
            '%' => percent(left).map_or((c, 1), |decoded| (decoded, 3)),
            '&' => entity(left).unwrap_or((c, 1)),
            // The full-width forms of East Asian keyboards.
            '\u{ff03}' => ('#', c.len_utf8()),
            '\u{ff1a}' => (':', c.len_utf8()),
            '\u{ff0f}' => ('/', c.len_utf8()),
            '\u{ff0e}' => ('.', c.len_utf8()),
            _ => (c, c.len_utf8()),
        };
        chars.push(decoded);
        left = left.get(length..).unwrap_or_default();
    }
    chars
}

fn percent(text: &str) -> Option<char> {
    ascii(text.get(1..3)?, 16)
}

/// Returns the ASCII character with a code of digits alone.
fn ascii(code: &str, radix: u32) -> Option<char> {
    let is_number = code.chars().all(|digit| digit.is_digit(radix));
    let code = u8::from_str_radix(code, radix).ok()?;
    (is_number && code.is_ascii()).then_some(char::from(code))
}

/// Decodes `&#35;`, `&#x23;` and the like; returns its length as well.
fn entity(text: &str) -> Option<(char, usize)> {
    let (code, _) = text.strip_prefix("&#")?.split_once(';')?;
    let decoded = match code.strip_prefix(['x', 'X']) {
        Some(hex) => ascii(hex, 16)?,
        None => ascii(code, 10)?,
    };
    Some((decoded, code.len() + "&#;".len()))
}

/// The position after `cairn://`, in upper or lower case and over what was put between.
fn scheme_end(chars: &[char]) -> Option<usize> {
    (0..chars.len()).find_map(|start| {
        let mut at = start;
        for wanted in SCHEME.chars() {
            while at > start && chars.get(at).is_some_and(|&c| is_skipped(c)) {
                at += 1;
            }
            if !chars.get(at)?.eq_ignore_ascii_case(&wanted) {
                return None;
            }
            at += 1;
        }
        Some(at)
    })
}

const fn is_base64url(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// White space, what is not shown, and the backslash with which Markdown and shells escape.
fn is_skipped(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c == '\\' || is_invisible(c)
}

const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
    )
}
