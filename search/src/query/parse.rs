//! The parser of the query language. Its work is linear in the length of the query, and nothing
//! recurses.

use cairn_proto::ids::Timestamp;
use cairn_proto::limits;
use cairn_proto::model::search::{Feature, Mark, Period, QueryFault, Term, Test};
use jiff::Zoned;

use crate::fold::{fold, is_letter};

use super::error::{Filter, QueryError};
use super::{Clause, Criterion, Parsed, date};

/// Words of the longest date, such as `3 days ago`.
const DATE_WORDS_MAX: usize = 3;

/// Parses a query. Dates are those of the time zone of `now`.
///
/// # Errors
/// Returns what is wrong with the query, with a hint at what to write.
pub fn parse(text: &str, now: &Zoned) -> Result<Parsed, QueryError> {
    if text.len() > limits::SEARCH_TEXT_BYTES_MAX {
        return Err(QueryError::TooLong);
    }
    let mut groups: Vec<Vec<Clause>> = Vec::new();
    let mut conditions = 0;
    // Set after `OR`.
    let mut joins = false;
    let mut reader = Reader { rest: text, now };
    while let Some(token) = reader.token()? {
        let clause = match token {
            Token::Or if joins || groups.is_empty() => return Err(QueryError::LoneOr),
            Token::Or => {
                joins = true;
                continue;
            }
            Token::Clause(clause) => clause,
        };
        match groups.last_mut() {
            Some(group) if joins => group.push(clause),
            _ => groups.push(vec![clause]),
        }
        joins = false;
        conditions += 1;
        if groups.len() > limits::SEARCH_GROUPS_MAX || conditions > limits::SEARCH_CONDITIONS_MAX {
            return Err(QueryFault::TooLarge.into());
        }
    }
    match groups.is_empty() {
        true => Err(QueryError::Empty),
        false if joins => Err(QueryError::LoneOr),
        false => Ok(Parsed { groups }),
    }
}

enum Token {
    Or,
    Clause(Clause),
}

struct Reader<'a> {
    rest: &'a str,
    now: &'a Zoned,
}

impl<'a> Reader<'a> {
    fn token(&mut self) -> Result<Option<Token>, QueryError> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return Ok(None);
        }
        if first_word(self.rest) == "OR" {
            self.rest = &self.rest["OR".len()..];
            return Ok(Some(Token::Or));
        }
        let after = self.rest.strip_prefix('-');
        let after = after.filter(|after| !after.is_empty() && !after.starts_with(is_blank));
        self.rest = after.unwrap_or(self.rest);
        let clause = Clause {
            negated: after.is_some(),
            criterion: self.criterion()?,
        };
        Ok(Some(Token::Clause(clause)))
    }

    fn criterion(&mut self) -> Result<Criterion, QueryError> {
        if let Some(phrase) = self.quoted() {
            return term(phrase, Test::Phrase);
        }
        let word = first_word(self.rest);
        if let Some((name, value)) = word.split_once([':', '：'])
            && let Some(filter) = Filter::named(name)
        {
            let start = word.len() - value.len();
            self.rest = &self.rest[start..];
            return self.filter(filter);
        }
        self.rest = &self.rest[word.len()..];
        word_term(word)
    }

    fn filter(&mut self, filter: Filter) -> Result<Criterion, QueryError> {
        let value = match self.quoted() {
            Some(quoted) => quoted.trim(),
            None if matches!(filter, Filter::Before | Filter::After | Filter::On) => {
                self.written_date()
            }
            None => {
                let word = first_word(self.rest);
                self.rest = &self.rest[word.len()..];
                word
            }
        };
        if value.is_empty() {
            return Err(QueryError::NoValue(filter));
        }
        criterion(filter, value, self.now).ok_or_else(|| QueryError::UnknownValue {
            filter,
            value: value.to_owned(),
        })
    }

    /// Takes a date of several words if the next ones are one, and otherwise the next word.
    fn written_date(&mut self) -> &'a str {
        let ends: Vec<usize> = word_ends(self.rest).take(DATE_WORDS_MAX).collect();
        let is_date = |end: &&usize| date::period(&self.rest[..**end], self.now).is_some();
        let end = ends.iter().rev().find(is_date).or(ends.first());
        let (value, rest) = self.rest.split_at(end.copied().unwrap_or(0));
        self.rest = rest;
        value
    }

    /// Takes what is between quotation marks, if the next character is one. The end of the query
    /// closes them too.
    fn quoted(&mut self) -> Option<&'a str> {
        let opened = self.rest.strip_prefix(is_quote)?;
        let (quoted, rest) = opened.split_once(is_quote).unwrap_or((opened, ""));
        self.rest = rest;
        Some(quoted)
    }
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '＂')
}

const fn is_star(c: char) -> bool {
    matches!(c, '*' | '＊')
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
}

/// The characters before the first blank.
fn first_word(text: &str) -> &str {
    &text[..text.find(is_blank).unwrap_or(text.len())]
}

/// The ends of the words of a text that begins with one.
fn word_ends(text: &str) -> impl Iterator<Item = usize> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let word = first_word(rest.trim_start());
        at += rest.len() - rest.trim_start().len() + word.len();
        (!word.is_empty()).then_some(at)
    })
    // A value begins directly after its filter.
    .take_while(move |_| !text.starts_with(is_blank))
}

fn criterion(filter: Filter, value: &str, now: &Zoned) -> Option<Criterion> {
    let period = |period: Period| Criterion::Test(Test::Sent(period));
    let feature = |feature| Some(Criterion::Test(Test::Has(feature)));
    let mark = |mark| Some(Criterion::Test(Test::Is(mark)));
    match filter {
        Filter::From => Some(Criterion::From(value.to_owned())),
        Filter::In => Some(Criterion::In(value.to_owned())),
        Filter::Mentions => Some(Criterion::Mentions(value.to_owned())),
        Filter::On => date::period(value, now).map(period),
        Filter::Before => date::period(value, now).map(|on| {
            period(Period {
                from: Timestamp::new(0),
                until: on.from,
            })
        }),
        Filter::After => date::period(value, now).map(|on| {
            period(Period {
                from: on.until,
                until: Timestamp::new(u64::MAX),
            })
        }),
        Filter::Has => match value.to_lowercase().as_str() {
            "file" | "files" => feature(Feature::File),
            "image" | "images" => feature(Feature::Image),
            "video" | "videos" => feature(Feature::Video),
            "link" | "links" => feature(Feature::Link),
            "reaction" | "reactions" => feature(Feature::Reaction),
            _ => None,
        },
        Filter::Is => match value.to_lowercase().as_str() {
            "pinned" => mark(Mark::Pinned),
            "edited" => mark(Mark::Edited),
            "unread" => mark(Mark::Unread),
            _ => None,
        },
    }
}

fn term(raw: &str, test: fn(Term) -> Test) -> Result<Criterion, QueryError> {
    let raw = raw.trim();
    let term = Term::new(raw).map_err(|fault| QueryError::of_term(fault, raw))?;
    match fold(raw).trim().is_empty() {
        true => Err(QueryError::Blank(raw.to_owned())),
        false => Ok(Criterion::Test(test(term))),
    }
}

/// A word without blanks: letters and digits, the beginning of such a word, or any characters.
fn word_term(word: &str) -> Result<Criterion, QueryError> {
    let bare = without_punctuation(word);
    let is_whole = |text: &str| !text.is_empty() && fold(text).chars().all(is_letter);
    if is_whole(bare) {
        return term(bare, Test::Word);
    }
    match bare.strip_suffix(is_star) {
        Some(start) if is_whole(start) => term(start, Test::Prefix),
        Some(start) if start.ends_with(is_letter) && !start.starts_with(is_star) => {
            term(start, Test::Literal)
        }
        _ => term(bare, Test::Literal),
    }
}

/// A word without the punctuation of the sentence around it, unless it consists of nothing else.
fn without_punctuation(word: &str) -> &str {
    let is_opening = |c: char| "([{<'‘「『（［｛《〈【,;:!?，；：！？、。".contains(c);
    let is_closing = |c: char| ")]}>'\"’“”„」』）］｝》〉】.,;:!?…，；：！？、。".contains(c);
    match word
        .trim_start_matches(is_opening)
        .trim_end_matches(is_closing)
    {
        "" => word,
        bare => bare,
    }
}
