//! `cairn desk explain`

use std::fmt;

use cairn_proto::ids::Timestamp;
use cairn_proto::model::desk::{Candidate, CandidateReason, Verdict};
use serde::Serialize;

use super::super::args::Queues;
use super::super::view::{InquiryRow, users_of};
use super::super::work::act::InquiryArg;
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::Local;

/// Why an inquiry is where it is. The fields match its JSON.
#[derive(Debug, Serialize)]
struct Explained {
    #[serde(flatten)]
    row: InquiryRow,
    /// The number of the routing rule that chose the queue, from 1.
    rule: Option<u32>,
    verdict: &'static str,
    asked_again_at_ms: Option<u64>,
    agents: Vec<Agent>,
}

#[derive(Debug, Serialize)]
struct Agent {
    agent: String,
    level: u8,
    load: u32,
    capacity: u16,
    reason: &'static str,
    /// Of an agent with a delay.
    from_ms: Option<u64>,
}

const fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Held => ("held", "an agent holds it"),
        Verdict::Offered => ("offered", "it is offered to an agent"),
        Verdict::NoAgents => (
            "no-agents",
            "the queue has no agents: `cairn desk agent add`",
        ),
        Verdict::NobodyReady => ("not-ready", "no agent of the queue is ready"),
        Verdict::RefusedByAll { .. } => (
            "refused-by-all",
            "all agents who are ready refused it or did not answer; it goes to them again soon",
        ),
        Verdict::Manual => (
            "manual",
            "agents of this queue take what waits: `cairn desk take`",
        ),
        Verdict::QueueClosed => ("queue-closed", "the queue is outside its hours"),
        Verdict::Next => ("next", "it is given to an agent with the next step"),
        Verdict::Left => ("left", "it is a message that was left: `cairn desk take`"),
        Verdict::Closed => ("closed", "it is over"),
    }
}

const fn reason(reason: CandidateReason) -> (&'static str, &'static str) {
    match reason {
        CandidateReason::Chosen => ("chosen", "has it"),
        CandidateReason::First => ("first", "is next"),
        CandidateReason::Sticky => ("sticky", "is next, since they held it last"),
        CandidateReason::BehindOthers => ("behind-others", "is ready, after the others"),
        CandidateReason::HigherLevel => ("higher-level", "is ready, but of a higher level"),
        CandidateReason::OffDuty => ("off-duty", "is off duty"),
        CandidateReason::OnBreak => ("on-break", "is on a break"),
        CandidateReason::Away => ("away", "is not connected"),
        CandidateReason::Full => ("full", "has as many inquiries as they may"),
        CandidateReason::Refused => ("refused", "refused it, or did not answer"),
        CandidateReason::Delayed { .. } => ("delayed", "gets it later"),
    }
}

impl Agent {
    fn new(candidate: &Candidate, names: &Names) -> Self {
        Self {
            agent: names.of(candidate.agent).into_owned(),
            level: candidate.level,
            load: candidate.load,
            capacity: candidate.capacity,
            reason: reason(candidate.reason).0,
            from_ms: match candidate.reason {
                CandidateReason::Delayed { until } => Some(until.get()),
                _ => None,
            },
        }
    }
}

/// With the words for people.
struct Shown {
    explained: Explained,
    why: &'static str,
    reasons: Vec<&'static str>,
}

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.explained.serialize(serializer)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explained {
            row,
            rule,
            asked_again_at_ms,
            agents,
            ..
        } = &self.explained;
        writeln!(f, "{row}")?;
        match rule {
            Some(rule) => writeln!(f, "rule {rule} chose the queue: `cairn desk rules`")?,
            None => writeln!(
                f,
                "no rule applied, so the queue is that of the visitor's link"
            )?,
        }
        write!(f, "{}", self.why)?;
        if let Some(at) = asked_again_at_ms {
            write!(f, ", at {}", Local(*at))?;
        }
        for (agent, why) in agents.iter().zip(&self.reasons) {
            let name = Sanitized(&agent.agent).to_string();
            let Agent {
                level,
                load,
                capacity,
                ..
            } = agent;
            write!(
                f,
                "\n  {name:20}  level {level}  {load} of {capacity}  {why}"
            )?;
            if let Some(from) = agent.from_ms {
                write!(f, ", from {}", Local(from))?;
            }
        }
        Ok(())
    }
}

pub(crate) async fn run(
    args: &InquiryArg,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let queues = Queues::load(client).await?;
    let found = client.desk().explain(args.inquiry).await?;
    let mut names = Names::default();
    let agents = found.candidates.iter().map(|candidate| candidate.agent);
    let users: Vec<_> = users_of(&found.info).chain(agents).collect();
    names.learn_users(client, &users).await?;
    let (name, why) = verdict(found.verdict);
    let until: Option<Timestamp> = match found.verdict {
        Verdict::RefusedByAll { until } => Some(until),
        _ => None,
    };
    let candidates = found.candidates.iter();
    let explained = Explained {
        row: InquiryRow::new(&found.info, &queues, &names),
        rule: found.rule.map(|rule| rule + 1),
        verdict: name,
        asked_again_at_ms: until.map(Timestamp::get),
        agents: candidates
            .clone()
            .map(|candidate| Agent::new(candidate, &names))
            .collect(),
    };
    output.print(&Shown {
        explained,
        why,
        reasons: candidates
            .map(|candidate| reason(candidate.reason).1)
            .collect(),
    })
}
