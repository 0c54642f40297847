//! The result of `cairn doctor --data`.

use std::fmt;

use serde::Serialize;

use crate::cli::server::machine::Machine;
use cairn_store::check::doctor::Report;
use cairn_store::check::repair::{LostMessages, Repaired};

/// What the doctor reports when there is no problem, or none any more.
#[derive(Debug, Serialize)]
pub(crate) struct Sound {
    /// What a repair did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repaired: Option<Repaired>,
    #[serde(flatten)]
    pub(crate) report: Report,
    /// The pin of the key that was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new_pin: Option<String>,
    /// What does not prevent a start, but may not be as intended.
    pub(crate) warnings: Vec<String>,
    pub(crate) machine: Machine,
}

impl fmt::Display for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            users,
            devices,
            conversations,
            members,
            messages,
            blocks,
            block_bytes,
            cursors,
            ..
        } = self.report;
        let Report {
            attachments,
            attachment_bytes,
            log_batches,
            log_messages,
            ..
        } = self.report;
        if let Some(repaired) = &self.repaired {
            write_repaired(repaired, f)?;
        }
        writeln!(f, "everything is sound")?;
        writeln!(f, "  {users} users, {devices} devices, {cursors} cursors")?;
        writeln!(f, "  {conversations} conversations, {members} memberships")?;
        writeln!(
            f,
            "  {messages} messages in {blocks} blocks of {block_bytes} bytes"
        )?;
        writeln!(f, "  {attachments} attachments of {attachment_bytes} bytes")?;
        write!(
            f,
            "  {log_messages} of the messages were still in the commit log, in {log_batches} \
                batches"
        )?;
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        match &self.new_pin {
            None => Ok(()),
            Some(pin) => write!(
                f,
                "\n\nThe server has a new key, with the pin\n\n  {pin}\n\nNo device trusts it \
                    yet, and earlier invite links are void. On each device, replace \"pin\" \
                    in\nprofile.json: its login stays valid. Or log in again: cairn login \
                    HOST:PORT --pin {pin} --name NAME"
            ),
        }
    }
}

fn write_repaired(repaired: &Repaired, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Repaired {
        loss,
        shortened,
        removed,
        copy,
    } = repaired;
    writeln!(
        f,
        "the commit log was cut after batch {}: {loss}",
        loss.last_batch
    )?;
    for LostMessages {
        conversation,
        first,
        last,
        count,
    } in &loss.readable_messages
    {
        writeln!(
            f,
            "  lost: {count} messages of '#id:{conversation}', {first} to {last}"
        )?;
    }
    if let Some(path) = shortened {
        writeln!(f, "  shortened: {}", path.display())?;
    }
    for path in removed {
        writeln!(f, "  removed: {}", path.display())?;
    }
    writeln!(
        f,
        "  log and trees before that are kept in {}",
        copy.display()
    )
}
