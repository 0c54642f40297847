//! Completion by Tab: @names, #groups, :emoji:, /commands with their options, paths.

use crate::tui::app::model::picker::emoji_names;
use crate::tui::app::model::state::State;
use crate::tui::app::msg::Effect;
use crate::tui::text::words;
use crate::tui::theme::Role;

/// Choices that are offered for one word.
const CHOICES_MAX: usize = 200;

/// The choices for the word before the caret. Tab steps through them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Where the word begins.
    start: usize,
    /// Where the inserted choice ends.
    end: usize,
    pub(crate) choices: Vec<String>,
    pub(crate) selected: usize,
}

/// Inserts the first choice, or the next one.
pub(crate) fn step(state: &mut State, is_forward: bool, out: &mut Vec<Effect>) {
    if let Some(mut completion) = state.completion.take() {
        let count = completion.choices.len();
        let by = if is_forward { 1 } else { count - 1 };
        completion.selected = (completion.selected + by) % count;
        return insert(state, completion, out);
    }
    let caret = state.editor.caret();
    let before = &state.editor.text()[..caret];
    if let Some(typed) = path_typed(before) {
        return out.push(Effect::Paths(typed.to_owned()));
    }
    let start = before.rfind(char::is_whitespace).map_or(0, |at| {
        at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
    let (start, choices) = choices(state, before, start);
    offer(state, start, choices, out);
}

/// The choices for a path came back.
pub(crate) fn paths(state: &mut State, typed: &str, paths: Vec<String>) {
    let caret = state.editor.caret();
    let before = &state.editor.text()[..caret];
    if path_typed(before) == Some(typed) {
        let start = caret - typed.len();
        offer(state, start, paths, &mut Vec::new());
    }
}

fn offer(state: &mut State, start: usize, choices: Vec<String>, out: &mut Vec<Effect>) {
    let end = state.editor.caret();
    if choices.is_empty() {
        return state.note(words::NO_COMPLETION, Role::Dim);
    }
    let completion = Completion {
        start,
        end,
        choices,
        selected: 0,
    };
    insert(state, completion, out);
}

fn insert(state: &mut State, mut completion: Completion, out: &mut Vec<Effect>) {
    let choice = completion.choices[completion.selected].clone();
    let range = completion.start..completion.end;
    state.editor.replace(range, &choice);
    completion.end = completion.start + choice.len();
    // A single choice is done: Tab completes what follows.
    state.completion = (completion.choices.len() > 1).then_some(completion);
    state.touched(out);
}

/// Returns the path after `/send `, up to the caret.
fn path_typed(before: &str) -> Option<&str> {
    let typed = before
        .strip_prefix("/send ")
        .or_else(|| before.strip_prefix("/file "))?
        .trim_start_matches(['\'', '"', ' ']);
    (!typed.starts_with(['#', '@'])).then_some(typed)
}

fn choices(state: &State, before: &str, start: usize) -> (usize, Vec<String>) {
    let word = &before[start..];
    // Scripts without blanks write a mention right after the text.
    let sigil = word
        .rfind(['@', ':', '#'])
        .filter(|&at| at == 0 || !word[..at].ends_with(|c: char| c.is_ascii_alphanumeric()));
    if before.starts_with('/') && !before.starts_with("//") && start == 0 {
        return (0, commands(&before[1..]));
    }
    if let Some(at) = sigil {
        let typed = &word[at + 1..];
        let choices = match &word[at..=at] {
            "@" => names(state, typed),
            "#" => groups(state, typed),
            _ if typed.chars().count() < 2 => Vec::new(),
            _ => emoji(state, typed),
        };
        return (start + at, choices);
    }
    if before.starts_with('/') {
        return (start, arguments(&before[1..start], word));
    }
    match word.is_empty() {
        true => (start, Vec::new()),
        // A word without a sigil may be the beginning of a name.
        false => (start, names(state, word)),
    }
}

fn starts(name: &str, typed: &str) -> bool {
    let (name, typed) = (name.to_lowercase(), typed.to_lowercase());
    name.starts_with(&typed)
}

fn names(state: &State, typed: &str) -> Vec<String> {
    let world = &state.world;
    let members = world
        .details
        .iter()
        .flat_map(|details| details.members.keys());
    let mut names: Vec<String> = members
        .filter(|user| **user != state.settings.me)
        .filter_map(|user| world.names.get(user).cloned())
        .collect();
    if names.is_empty() {
        let peers = world.list.iter().filter(|listed| listed.peer.is_some());
        names.extend(peers.map(|listed| listed.name.clone()));
    }
    names.push("all".to_owned());
    names.retain(|name| starts(name, typed));
    names.sort_by_key(|name| name.to_lowercase());
    names.truncate(CHOICES_MAX);
    names.into_iter().map(|name| format!("@{name} ")).collect()
}

fn groups(state: &State, typed: &str) -> Vec<String> {
    let list = state.world.list.iter();
    let groups = list.filter(|listed| listed.peer.is_none() && listed.of_desk.is_none());
    groups
        .filter(|listed| starts(&listed.name, typed))
        .map(|listed| format!("#{} ", listed.name))
        .take(CHOICES_MAX)
        .collect()
}

fn emoji(state: &State, typed: &str) -> Vec<String> {
    emoji_names(typed, &state.recent)
        .into_iter()
        .take(CHOICES_MAX)
        .map(|(name, _)| format!(":{name}: "))
        .collect()
}

fn commands(typed: &str) -> Vec<String> {
    let command = crate::cli::command();
    let mut names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .chain(["file", "quit"].map(str::to_owned))
        .filter(|name| name.starts_with(typed))
        .filter(|name| crate::tui::app::act::slash::refusal(std::slice::from_ref(name)).is_none())
        .map(|name| format!("/{name} "))
        .collect();
    names.sort_unstable();
    names
}

/// Subcommands and options after the words of a command.
fn arguments(before: &str, typed: &str) -> Vec<String> {
    let command = crate::cli::command();
    let mut command = &command;
    for word in before.split_whitespace() {
        if let Some(sub) = command.find_subcommand(word) {
            command = sub;
        }
    }
    let subcommands = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned());
    let options = command.get_arguments().filter_map(|argument| {
        let long = argument.get_long()?;
        (!argument.is_global_set() && !argument.is_hide_set()).then(|| format!("--{long}"))
    });
    let mut found: Vec<String> = subcommands
        .chain(options)
        .filter(|name| name.starts_with(typed))
        .map(|name| format!("{name} "))
        .collect();
    found.sort_unstable();
    found
}
