//! `cairn desk`: the support desk.
//!
//! * `setup`: what admins set up: queues, agents, routing rules, links, canned replies
//! * `work`: what agents do
//! * `supervise`: boards, reports, explanations, transcripts
//! * `args`, `view`: inquiries, queues and agents on the command line, and as they are shown

mod args;
mod help;
mod setup;
mod supervise;
mod table;
#[cfg(test)]
mod tests;
mod view;
mod work;

use cairn_proto::model::desk::Duty;
use clap::{Args, Subcommand};

use self::setup::{agent, canned, erase, link, queue, rules};
use self::supervise::{board, explain, list, report, transcript};
use self::work::{act, duty, overview, reply};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Answer visitors, as an agent of the support desk
///
/// Without a subcommand, it shows what you have to do: inquiries that are offered to you, those
/// that you hold, and your queues. With --follow it stays, shows new offers with the time that is
/// left to accept them, and makes you present: an agent without a session gets nothing.
///
/// INQUIRY is the number of an inquiry, as it is shown. An inquiry that you hold is a conversation:
/// `cairn tail '#id:INQUIRY'` and `cairn send '#id:INQUIRY'` work as well.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = help::DESK)]
pub(crate) struct DeskArgs {
    #[command(subcommand)]
    action: Option<Action>,

    /// Stay, and show what comes, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Go on duty: inquiries are given to you
    #[command(after_help = help::ON)]
    On(duty::DutyArgs),
    /// Go off duty; you keep what you hold
    #[command(after_help = help::OFF)]
    Off(duty::DutyArgs),
    /// Take a break; you keep what you hold
    #[command(after_help = help::BREAK)]
    Break(duty::DutyArgs),
    /// Accept an inquiry that is offered to you
    #[command(after_help = help::ACCEPT)]
    Accept(act::InquiryArg),
    /// Refuse an inquiry that is offered to you; it goes to the next agent
    #[command(after_help = help::REFUSE)]
    Refuse(act::InquiryArg),
    /// Take an inquiry that waits, or a message that was left
    #[command(after_help = help::TAKE)]
    Take(act::InquiryArg),
    /// Answer a visitor
    #[command(after_help = help::REPLY)]
    Reply(reply::ReplyArgs),
    /// Write a note that the visitor does not see
    #[command(after_help = help::NOTE)]
    Note(reply::NoteArgs),
    /// Pass an inquiry on to an agent or a queue
    #[command(after_help = help::TRANSFER)]
    Transfer(act::TransferArgs),
    /// Close an inquiry
    #[command(after_help = help::CLOSE)]
    Close(act::CloseArgs),
    /// Open a closed inquiry again
    #[command(after_help = help::REOPEN)]
    Reopen(act::InquiryArg),
    /// Tag an inquiry
    #[command(after_help = help::TAG)]
    Tag(act::TagArgs),
    /// Set the priority of an inquiry
    #[command(after_help = help::PRIORITY)]
    Priority(act::PriorityArgs),
    /// List, set or remove canned replies
    Canned(canned::CannedArgs),
    /// List the inquiries of a queue
    #[command(after_help = help::LIST)]
    List(list::ListArgs),
    /// Join an inquiry beside its agent, as a supervisor
    #[command(after_help = help::JOIN)]
    Join(act::InquiryArg),
    /// Give an inquiry to an agent, as a supervisor
    #[command(after_help = help::ASSIGN)]
    Assign(act::AssignArgs),
    /// Show why an agent has an inquiry, or why no agent has it
    #[command(after_help = help::EXPLAIN)]
    Explain(act::InquiryArg),
    /// Show the queues and agents, as they change
    #[command(after_help = help::WATCH)]
    Watch(board::BoardArgs),
    /// Report first replies, waits and missed offers, by queue and agent
    #[command(after_help = help::REPORT)]
    Report(report::ReportArgs),
    /// Save an inquiry as a text
    #[command(after_help = help::TRANSCRIPT)]
    Transcript(transcript::TranscriptArgs),
    /// Create, change, list or remove queues
    Queue(queue::QueueArgs),
    /// Make users agents, and set what they serve
    Agent(agent::AgentArgs),
    /// Show or change which inquiries go to which queue
    Rules(rules::RulesArgs),
    /// Make, list or revoke links for visitors
    Link(link::LinkArgs),
    /// Erase a visitor with all inquiries
    #[command(after_help = help::ERASE)]
    Erase(erase::EraseArgs),
}

pub(crate) async fn run(
    args: &DeskArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let Some(action) = &args.action else {
        return match args.follow {
            true => overview::follow(context, output).await,
            false => overview::show(context, output).await,
        };
    };
    match action {
        Action::On(args) => duty::set(Duty::On, args, context, output).await,
        Action::Off(args) => duty::set(Duty::Off, args, context, output).await,
        Action::Break(args) => duty::set(Duty::Break, args, context, output).await,
        Action::Accept(args) => act::accept(args, context, output).await,
        Action::Refuse(args) => act::refuse(args, context, output).await,
        Action::Take(args) => act::take(args, context, output).await,
        Action::Reply(args) => reply::reply(args, context, output).await,
        Action::Note(args) => reply::note(args, context, output).await,
        Action::Transfer(args) => act::transfer(args, context, output).await,
        Action::Close(args) => act::close(args, context, output).await,
        Action::Reopen(args) => act::reopen(args, context, output).await,
        Action::Tag(args) => act::tag(args, context, output).await,
        Action::Priority(args) => act::set_priority(args, context, output).await,
        Action::Canned(args) => canned::run(args, context, output).await,
        Action::List(args) => list::run(args, context, output).await,
        Action::Join(args) => act::join(args, context, output).await,
        Action::Assign(args) => act::assign(args, context, output).await,
        Action::Explain(args) => explain::run(args, context, output).await,
        Action::Watch(args) => board::run(args, context, output).await,
        Action::Report(args) => report::run(args, context, output).await,
        Action::Transcript(args) => transcript::run(args, context, output).await,
        Action::Queue(args) => queue::run(args, context, output).await,
        Action::Agent(args) => agent::run(args, context, output).await,
        Action::Rules(args) => rules::run(args, context, output).await,
        Action::Link(args) => link::run(args, context, output).await,
        Action::Erase(args) => erase::run(args, context, output).await,
    }
}
