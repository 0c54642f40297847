//! Sending the lines of the input.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::pin::Pin;

use cairn_client::{Accepted, Client, Error};
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_proto::text::Text;
use tokio::time::{Instant, sleep_until};

use super::Sent;
use crate::cli::args::target::Target;
use crate::cli::chat::stdin_lines::{Changes, LineError, Lines};
use crate::cli::chat::text::mentioning::Mentioning;
use crate::cli::failure::{Exit, Failure};
use crate::cli::input::{Parts, cannot_read};
use crate::cli::limits;
use crate::cli::output::{Output, poll_once};
use crate::ui::progress::Progress;

/// Sends lines, with at most [`SENDS_IN_FLIGHT_MAX`] in flight, so that memory does not grow with
/// the input.
pub(super) struct Sending<'a> {
    client: &'a Client,
    conversation: ConversationId,
    target: &'a Target,
    extras: Extras,
    mentioning: Mentioning,
    output: &'a mut Output,
    lines: Lines,
    unanswered: VecDeque<(Instant, Accepted)>,
    /// The earliest time of the next note that the command waits.
    note_due: Option<Instant>,
    accepted: u64,
    blank: u64,
    progress: Progress,
    prints_each: bool,
}

impl<'a> Sending<'a> {
    pub(super) fn new(
        client: &'a Client,
        (conversation, target): (ConversationId, &'a Target),
        (extras, mentioning): (Extras, Mentioning),
        lines: Lines,
        output: &'a mut Output,
    ) -> Self {
        let progress = output.progress();
        Self {
            client,
            conversation,
            target,
            extras,
            mentioning,
            prints_each: output.is_json(),
            output,
            lines,
            unanswered: VecDeque::with_capacity(SENDS_IN_FLIGHT_MAX),
            note_due: None,
            accepted: 0,
            blank: 0,
            progress,
        }
    }

    pub(super) async fn all(mut self, input: Parts) -> Result<(), Failure> {
        let sent = self.lines_of(input).await;
        // The lines before an invalid one were sent: wait for their replies, and print their ids.
        let settled = self.settle().await;
        self.summary();
        sent.and(settled)
    }

    async fn lines_of(&mut self, mut input: Parts) -> Result<(), Failure> {
        loop {
            let due = self.note_due();
            let part = tokio::select! {
                biased;
                part = input.recv() => part,
                answer = front(&mut self.unanswered), if !self.unanswered.is_empty() => {
                    self.answered(answer)?;
                    self.drain().await?;
                    continue;
                }
                () = until(due) => {
                    self.note_wait();
                    continue;
                }
            };
            let Some(part) = part else { break };
            let part = part.map_err(|error| cannot_read(&error))?;
            let mut rest = part.as_slice();
            while let Some(line) = self.lines.next(&mut rest).map_err(bad_line)? {
                self.send(line).await?;
            }
        }
        while let Some(line) = self.lines.last().map_err(bad_line)? {
            self.send(line).await?;
        }
        Ok(())
    }

    async fn send(&mut self, line: String) -> Result<(), Failure> {
        if cairn_text::is_blank(&line) {
            self.blank += 1;
            return Ok(());
        }
        if self.unanswered.len() >= SENDS_IN_FLIGHT_MAX {
            self.wait().await?;
            self.drain().await?;
        }
        let text = Text::new(line)
            .map_err(|error| Failure::caused(Exit::Failed, "a line cannot be sent", &error))?;
        let conversation = self.client.conversation(self.conversation);
        let extras = self
            .mentioning
            .extras(conversation, text.as_str(), &self.extras)
            .await?;
        let accepted = conversation.enqueue_with(Body::Text(text), extras).await?;
        self.unanswered.push_back((Instant::now(), accepted));
        Ok(())
    }

    /// Waits for the oldest reply.
    async fn wait(&mut self) -> Result<(), Failure> {
        loop {
            let due = self.note_due();
            let answer = async {
                tokio::select! {
                    biased;
                    answer = front(&mut self.unanswered) => Some(answer),
                    () = until(due) => None,
                }
            };
            match self.output.flush_while_waiting(answer, || {}).await? {
                Some(answer) => return self.answered(answer),
                None => self.note_wait(),
            }
        }
    }

    /// Returns the time of the note that the oldest message waits for its reply.
    fn note_due(&self) -> Option<Instant> {
        let &(sent, _) = self.unanswered.front()?;
        let due = sent + limits::WAIT_NOTED;
        Some(self.note_due.map_or(due, |again| again.max(due)))
    }

    /// Notes that the command waits for the server.
    fn note_wait(&mut self) {
        self.note_due = Some(Instant::now() + limits::WAIT_NOTED_AGAIN);
        let why = match self.client.is_online() {
            true => "the server limits how much a user sends at a time",
            false => "there is no connection to the server",
        };
        let (accepted, waiting) = (self.accepted, self.unanswered.len());
        let text = format!("waiting: {why} ({accepted} accepted, {waiting} sent)");
        match self.progress.is_shown() {
            true => self.progress.update(|| text),
            false => self.output.note(text),
        }
    }

    /// Handles every reply that has arrived, and flushes.
    async fn drain(&mut self) -> Result<(), Failure> {
        while let Some((_, accepted)) = self.unanswered.front_mut() {
            let Some(answer) = poll_once(Pin::new(accepted)).await else {
                break;
            };
            self.unanswered.pop_front();
            self.answered(answer)?;
        }
        self.output.flush()
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        while !self.unanswered.is_empty() {
            self.wait().await?;
        }
        Ok(())
    }

    fn answered(&mut self, answer: Result<MsgId, Error>) -> Result<(), Failure> {
        let msgid = answer?;
        self.accepted += 1;
        self.progress
            .update(|| format!("{} accepted", self.accepted));
        if self.prints_each {
            let sent = Sent::new(self.conversation, msgid, self.target);
            self.output.print(&sent)
        } else {
            Ok(())
        }
    }

    fn summary(self) {
        drop(self.progress);
        self.mentioning.warn(self.target, self.output);
        let Changes { repaired, split } = self.lines.changes();
        if repaired + split == 0 && !self.output.is_watched() {
            return;
        }
        let mut summary = format!("{} messages accepted", self.accepted);
        for (what, lines) in [
            ("blank lines skipped", self.blank),
            ("lines with \u{fffd} for bytes that are not UTF-8", repaired),
            ("lines split because they are too long", split),
        ] {
            if lines > 0 {
                let _ = write!(summary, "; {what}: {lines}");
            }
        }
        self.output.note(summary);
    }
}

/// Waits for the oldest reply. Cancel safe.
async fn front(unanswered: &mut VecDeque<(Instant, Accepted)>) -> Result<MsgId, Error> {
    let answer = match unanswered.front_mut() {
        Some((_, accepted)) => accepted.await,
        None => std::future::pending().await,
    };
    unanswered.pop_front();
    answer
}

/// Waits until a time, or forever.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn bad_line(error: LineError) -> Failure {
    Failure::new(Exit::Failed, error)
        .hint("the lines before it were sent; this one and those after it were not")
}
