//! `cairn desk transcript`

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use cairn_proto::ids::{ConversationId, MsgId};
use clap::Args;
use serde::Serialize;

use super::super::args::{Queues, parse_inquiry};
use super::super::view::{InquiryRow, users_of};
use crate::cli::chat::message_view::MessageView;
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::json;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::Local;

#[derive(Debug, Args)]
pub(crate) struct TranscriptArgs {
    /// The number of the inquiry
    #[arg(value_parser = parse_inquiry)]
    inquiry: ConversationId,

    /// Write it to this file, which must not exist [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// With the notes of the back room: not for the visitor
    #[arg(long)]
    notes: bool,
}

#[derive(Debug, Serialize)]
struct Saved {
    inquiry: ConversationId,
    file: String,
    messages: usize,
}

impl std::fmt::Display for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            inquiry,
            file,
            messages,
        } = self;
        write!(f, "saved {messages} entries of inquiry {inquiry} to {file}")
    }
}

pub(crate) async fn run(
    args: &TranscriptArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let queues = Queues::load(client).await?;
    let info = client.desk().inquiry(args.inquiry).await?;
    let mut names = Names::default();
    let users: Vec<_> = users_of(&info).collect();
    names.learn_users(client, &users).await?;
    let row = InquiryRow::new(&info, &queues, &names);
    let is_json = output.is_json();
    let mut text = match is_json {
        true => String::new(),
        false => heading(&row, info.opened_at.get()),
    };
    let back = info.back.filter(|_| args.notes);
    let mut messages = 0;
    for conversation in [Some(args.inquiry), back].into_iter().flatten() {
        if conversation != args.inquiry && !is_json {
            text.push_str("\nNotes, which the visitor does not see\n\n");
        }
        let mut log = client
            .conversation(conversation)
            .history(MsgId::ZERO.next());
        while let Some(batch) = log.next_batch().await.transpose()? {
            names.learn(client, &batch).await?;
            messages += batch.len();
            for message in &batch {
                let view = MessageView::new(message, &names);
                match is_json {
                    true => {
                        let mut line = Vec::new();
                        json::write(&mut line, &view)?;
                        text.push_str(&String::from_utf8_lossy(&line));
                        text.push('\n');
                    }
                    // Writing to a string cannot fail.
                    false => drop(writeln!(text, "{view}")),
                }
            }
        }
    }
    let Some(path) = &args.output else {
        return output.text(&text);
    };
    save(path, &text)?;
    output.print(&Saved {
        inquiry: args.inquiry,
        file: path.display().to_string(),
        messages,
    })
}

fn heading(row: &InquiryRow, opened_at_ms: u64) -> String {
    let who = row.who();
    let opened = Local(opened_at_ms);
    format!(
        "Inquiry {} of {}, opened {opened}\n\n",
        row.inquiry,
        Sanitized(&who)
    )
}

fn save(path: &PathBuf, text: &str) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| {
        let headline = format!("cannot write the transcript {}", path.display());
        Failure::caused(Exit::Failed, headline, &error).hint("name a file that does not exist")
    };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    // What visitors say is for their shop alone.
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(cannot)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)
}
