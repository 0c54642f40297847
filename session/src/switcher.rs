//! The quick switcher: finds names by some of their characters.

use cairn_client::proto::ids::{ConversationId, UserId};

use crate::limits;

/// A result of the quick switcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What was found.
    pub target: HitTarget,
    /// Its name.
    pub name: String,
    /// How well it matches; more is better.
    pub score: i32,
    /// Positions of the matched characters in the name, counted in characters.
    pub at: Vec<u32>,
}

/// What the quick switcher finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HitTarget {
    /// A conversation of the user.
    Conversation(ConversationId),
    /// A contact without a conversation. Their direct chat begins with the first message.
    User(UserId),
}

const CHARACTER: i32 = 1;
const CONSECUTIVE: i32 = 4;
const WORD_START: i32 = 6;
const NAME_START: i32 = 8;
const WHOLE_NAME: i32 = 16;

/// Returns the characters of a query, as names are compared.
pub(crate) fn query(typed: &str) -> Vec<char> {
    let shown = typed.chars().filter(|c| !c.is_whitespace());
    shown.take(limits::QUERY_CHARS_MAX).map(folded).collect()
}

/// Finds the characters of a query in a name, in their order, with the best score.
///
/// A character of the name at position `j` that matches character `i` of the query scores one, and
/// more if it continues a match, or begins a word or the name.
pub(crate) fn matched(query: &[char], name: &str) -> Option<(i32, Vec<u32>)> {
    let chars: Vec<char> = name.chars().map(folded).collect();
    let width = chars.len();
    // best[i][j]: the best score of the first i + 1 characters where the last one is at j.
    let mut best: Vec<Vec<Option<(i32, usize)>>> = Vec::with_capacity(query.len());
    for (i, wanted) in query.iter().enumerate() {
        let mut row = vec![None; width];
        // The best end of the characters before, left of j.
        let mut before: Option<(i32, usize)> = None;
        for (j, found) in chars.iter().enumerate() {
            let above = |j: usize| best.last().and_then(|row| row.get(j).copied().flatten());
            let last = j.checked_sub(1);
            if let Some((score, _)) = last.and_then(above)
                && before.is_none_or(|(most, _)| score > most)
            {
                before = last.map(|j| (score, j));
            }
            if found != wanted {
                continue;
            }
            let own = CHARACTER + start_bonus(&chars, j);
            let apart = before.map(|(score, at)| (score + own, at));
            let joined = last.and_then(|last| Some((above(last)?.0 + own + CONSECUTIVE, last)));
            let found = match i {
                0 => Some((own, j)),
                _ => joined.max(apart),
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = found;
            }
        }
        best.push(row);
    }
    let ends = best.last().map_or(&[][..], Vec::as_slice).iter();
    let ends = ends
        .enumerate()
        .filter_map(|(j, cell)| Some((cell.as_ref()?.0, j)));
    // Of equal scores, the first one.
    let (score, mut end) = ends.max_by_key(|(score, j)| (*score, std::cmp::Reverse(*j)))?;
    let mut at = Vec::with_capacity(query.len());
    for row in best.iter().rev() {
        at.push(u32::try_from(end).unwrap_or(u32::MAX));
        end = row.get(end).copied().flatten()?.1;
    }
    at.reverse();
    let whole = if query.len() == width { WHOLE_NAME } else { 0 };
    Some((score + whole, at))
}

fn start_bonus(chars: &[char], j: usize) -> i32 {
    match j.checked_sub(1).and_then(|before| chars.get(before)) {
        None => NAME_START,
        Some(before) if !before.is_alphanumeric() => WORD_START,
        Some(_) => 0,
    }
}

/// The first character of the lower case.
fn folded(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(typed: &str, name: &str) -> Option<Vec<u32>> {
        matched(&query(typed), name).map(|(_, at)| at)
    }

    #[test]
    fn starts_and_runs_are_preferred() {
        assert_eq!(positions("ops", "devops-ops"), Some(vec![7, 8, 9]));
        assert_eq!(positions("dr", "design-review"), Some(vec![0, 7]));
        assert_eq!(positions("发布", "前端发布"), Some(vec![2, 3]));
        assert_eq!(positions("ab", "ba"), None);
        assert_eq!(positions("A B", "ab"), Some(vec![0, 1]));
        let score = |typed: &str, name: &str| matched(&query(typed), name).map(|(score, _)| score);
        assert!(score("team", "team") > score("team", "team-ops"));
        assert!(score("team", "team-ops") > score("team", "ateam"));
    }
}
