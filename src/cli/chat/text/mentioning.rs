//! `@name` in the texts that a command sends.

use std::time::{Duration, Instant};

use cairn_client::view::Conversation;
use cairn_client::{Error, MentionNames};
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::MsgId;
use cairn_proto::text::Text;

use crate::cli::args::target::Target;
use crate::cli::output::Output;

/// How long the names of members are used, so that a command that runs for days knows new members.
const NAMES_AGE_MAX: Duration = Duration::from_secs(60);

/// Names of no member that a warning lists.
const WARNED_MAX: usize = 8;

/// Finds whom the texts of a command mention.
#[derive(Debug)]
pub(crate) struct Mentioning {
    is_off: bool,
    names: Option<(Instant, MentionNames)>,
    /// Names of no member, each once.
    unknown: Vec<String>,
}

impl Mentioning {
    pub(crate) const fn new(is_off: bool) -> Self {
        Self {
            is_off,
            names: None,
            unknown: Vec::new(),
        }
    }

    /// Adds whom a text mentions to the extras of its message. Requests the names of the members
    /// only for a text with an `@`.
    pub(crate) async fn extras(
        &mut self,
        there: Conversation<'_>,
        text: &str,
        extras: &Extras,
    ) -> Result<Extras, Error> {
        if self.is_off || !text.contains('@') {
            return Ok(extras.clone());
        }
        let Some(names) = self.names(there).await? else {
            return Ok(extras.clone());
        };
        let found = there.mentions_in(names, text).await?;
        let extras = names.add(&found.found, extras);
        self.note(found.unknown);
        Ok(extras)
    }

    /// Edits a message. Requests the names of the members only if its former or new text has an
    /// `@`.
    pub(crate) async fn edit(
        &mut self,
        there: Conversation<'_>,
        msgid: MsgId,
        text: Text,
    ) -> Result<(), Error> {
        let before = there.message(msgid).await?;
        let words = before.as_ref().and_then(|before| before.body.words());
        if !text.as_str().contains('@') && !words.is_some_and(|words| words.contains('@')) {
            return there.edit(msgid, text).await;
        }
        let is_off = self.is_off;
        let Some(names) = self.names(there).await? else {
            return there.edit(msgid, text).await;
        };
        there.mentions_in(names, words.unwrap_or_default()).await?;
        let mut found = there.mentions_in(names, text.as_str()).await?;
        if is_off {
            found.found.clear();
            found.unknown.clear();
        }
        let mentions = names.after_edit(before.as_ref(), &found.found);
        self.note(found.unknown);
        there.edit_with(msgid, text, mentions).await
    }

    async fn names(&mut self, there: Conversation<'_>) -> Result<Option<&mut MentionNames>, Error> {
        let is_recent = |(at, _): &(Instant, _)| at.elapsed() < NAMES_AGE_MAX;
        if !self.names.as_ref().is_some_and(is_recent) {
            match there.mention_names().await {
                Ok(names) => self.names = Some((Instant::now(), names)),
                // The message is refused for the same reason, with an error that fits.
                Err(Error::Refused(_)) => self.names = None,
                Err(error) => return Err(error),
            }
        }
        Ok(self.names.as_mut().map(|(_, names)| names))
    }

    fn note(&mut self, unknown: Vec<String>) {
        for name in unknown {
            if self.unknown.len() <= WARNED_MAX && !self.unknown.contains(&name) {
                self.unknown.push(name);
            }
        }
    }

    /// Warns about names of no member, in one line.
    pub(crate) fn warn(mut self, target: &Target, output: &mut Output) {
        let is_all = |name: &String| name.eq_ignore_ascii_case("all");
        if !matches!(target, Target::User(_)) && self.unknown.iter().any(is_all) {
            self.unknown.retain(|name| !is_all(name));
            let why = "only owners and admins of a group mention @all";
            match self.unknown.is_empty() {
                true => output.note(format_args!("warning: {why}")),
                false => output.note(format_args!("warning: {why}; {}", self.strangers(target))),
            }
        } else if !self.unknown.is_empty() {
            output.note(format_args!("warning: {}", self.strangers(target)));
        }
    }

    /// The names of no member. They consist of letters and digits, and are safe to show.
    fn strangers(&self, target: &Target) -> String {
        let more = if self.unknown.len() > WARNED_MAX {
            ", …"
        } else {
            ""
        };
        let names: Vec<String> = self
            .unknown
            .iter()
            .take(WARNED_MAX)
            .map(|name| format!("@{name}"))
            .collect();
        match names.as_slice() {
            [name] => format!("{name} is no member of {target} and is not mentioned"),
            names => format!(
                "{}{more} are no members of {target} and are not mentioned",
                names.join(", ")
            ),
        }
    }
}
