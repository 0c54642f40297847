//! Allowances: how fast a principal may add to what is stored, and how many bytes in a day.
//!
//! A request that comes too fast waits, and its session reads no further ones meanwhile. One that
//! would wait for long is refused. As with all rates, the sequencer decides nothing of this.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cairn_core::state::settings::Settings;
use cairn_proto::limits::TEXT_BYTES_MAX;
use cairn_proto::wire::request::{
    GroupRequest, MessageRequest, PeopleRequest, Request, SessionRequest,
};
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use crate::limits::{
    ALLOWANCE_BURST, ALLOWANCE_DAY, ALLOWANCE_WAIT_MAX, CHANGE_BYTES, GROUP_MEMBERSHIPS,
};
use crate::principal::Principal;

/// The allowances of all principals.
#[derive(Debug)]
pub(crate) struct Allowances {
    rules: RwLock<Rules>,
    usages: Mutex<HashMap<Principal, Arc<Mutex<Usage>>>>,
    delayed: AtomicU64,
    refused: AtomicU64,
}

/// The settings of allowances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    user: PrincipalRules,
    visitor: PrincipalRules,
}

/// The settings for one kind of principal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PrincipalRules {
    messages: Rule,
    memberships: Rule,
    bytes: Rule,
}

/// A rate, and how far ahead of it a principal may be. Without a rate there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rule {
    count: u64,
    per: Duration,
    burst: Duration,
}

/// What the sessions of one principal share.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    usage: Arc<Mutex<Usage>>,
    is_visitor: bool,
}

/// When everything so far would be done at the rates of the rules.
#[derive(Debug)]
struct Usage {
    messages: Instant,
    memberships: Instant,
    bytes: Instant,
}

/// When a request may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Now,
    /// Once this time has passed.
    After(Duration),
    /// Not soon.
    Refused,
}

/// What a request adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Addition {
    messages: u64,
    memberships: u64,
    bytes: u64,
}

impl Rules {
    #[must_use]
    pub(crate) fn of(settings: &Settings) -> Self {
        let per = |per, count: usize| Rule {
            count: count as u64,
            per,
            burst: ALLOWANCE_BURST,
        };
        let per_second = |count| per(Duration::from_secs(1), count);
        let per_day = |count| Rule {
            count,
            per: ALLOWANCE_DAY,
            burst: ALLOWANCE_DAY,
        };
        let user = PrincipalRules {
            messages: per_second(settings.messages_per_second.get()),
            memberships: per_second(settings.memberships_per_second.get()),
            bytes: per_day(settings.message_bytes_per_day.get()),
        };
        let visitor = PrincipalRules {
            messages: per(ALLOWANCE_BURST, settings.visitor_messages_per_minute.get()),
            bytes: per_day(settings.visitor_bytes_per_day.get()),
            ..user
        };
        Self { user, visitor }
    }

    const fn of_account(&self, account: &Account) -> &PrincipalRules {
        match account.is_visitor {
            true => &self.visitor,
            false => &self.user,
        }
    }
}

impl Rule {
    /// Returns the time that an addition takes at the rate.
    fn time_of(&self, added: u64) -> Duration {
        let nanos = self.per.as_nanos() * u128::from(added);
        let nanos = nanos.checked_div(u128::from(self.count)).unwrap_or(0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).min(ALLOWANCE_DEBT_MAX)
    }

    /// Returns how long an addition must wait. It may exceed the burst: otherwise one that is
    /// larger than the burst would wait forever.
    fn wait(&self, done: Instant, added: u64, now: Instant) -> Duration {
        match added > 0 && self.count > 0 {
            true => done.saturating_duration_since(now + self.burst),
            false => Duration::ZERO,
        }
    }
}

/// The longest time for which one addition may use up an allowance.
const ALLOWANCE_DEBT_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Allowances {
    #[must_use]
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules: RwLock::new(rules),
            usages: Mutex::default(),
            delayed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(crate) fn set_rules(&self, rules: Rules) {
        *self.rules.write() = rules;
    }

    #[must_use]
    pub(crate) fn of(&self, principal: Principal, now: Instant) -> Account {
        let mut usages = self.usages.lock();
        // Before the map would grow, so that its size follows those who used it recently.
        if usages.len() == usages.capacity() {
            usages.retain(|_, usage| Arc::strong_count(usage) > 1 || usage.lock().matters(now));
        }
        let usage = usages
            .entry(principal)
            .or_insert_with(|| Arc::new(Mutex::new(Usage::new(now))));
        Account {
            usage: usage.clone(),
            is_visitor: matches!(principal, Principal::Inquiry(_)),
        }
    }

    /// Counts a request that came in this many bytes, unless it is refused.
    #[must_use]
    pub(crate) fn count(
        &self,
        account: &Account,
        request: &Request,
        bytes: usize,
        now: Instant,
    ) -> Verdict {
        match Addition::of(request, bytes) {
            Some(addition) => self.add(account, addition, now),
            None => Verdict::Now,
        }
    }

    /// Counts the bytes of a file, unless it is refused.
    #[must_use]
    pub(crate) fn count_file(&self, account: &Account, bytes: u64, now: Instant) -> Verdict {
        let addition = Addition {
            bytes,
            ..Addition::default()
        };
        self.add(account, addition, now)
    }

    fn add(&self, account: &Account, addition: Addition, now: Instant) -> Verdict {
        let rules = *self.rules.read().of_account(account);
        let verdict = account.usage.lock().count(addition, &rules, now);
        match verdict {
            Verdict::Now => {}
            Verdict::After(_) => drop(self.delayed.fetch_add(1, Ordering::Relaxed)),
            Verdict::Refused => self.note_refused(),
        }
        verdict
    }

    /// Counts a refusal.
    pub(crate) fn note_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many requests had to wait.
    #[must_use]
    pub(crate) fn delayed(&self) -> u64 {
        self.delayed.load(Ordering::Relaxed)
    }

    /// Returns how many requests were refused.
    #[must_use]
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Usage {
    const fn new(now: Instant) -> Self {
        Self {
            messages: now,
            memberships: now,
            bytes: now,
        }
    }

    /// Returns whether forgetting it would change a later verdict.
    fn matters(&self, now: Instant) -> bool {
        self.messages.max(self.memberships).max(self.bytes) > now
    }

    fn count(&mut self, addition: Addition, rules: &PrincipalRules, now: Instant) -> Verdict {
        let all = [
            (&rules.messages, &mut self.messages, addition.messages),
            (
                &rules.memberships,
                &mut self.memberships,
                addition.memberships,
            ),
            (&rules.bytes, &mut self.bytes, addition.bytes),
        ];
        let waits = all
            .iter()
            .map(|(rule, done, added)| rule.wait(**done, *added, now));
        let wait = waits.max().unwrap_or_default();
        if wait > ALLOWANCE_WAIT_MAX {
            return Verdict::Refused;
        }
        for (rule, done, added) in all {
            *done = (*done).max(now) + rule.time_of(added);
        }
        match wait {
            Duration::ZERO => Verdict::Now,
            wait => Verdict::After(wait),
        }
    }
}

impl Addition {
    /// Returns `None` for a request that adds nothing, and for an import, which is for admins.
    fn of(request: &Request, bytes: usize) -> Option<Self> {
        let (messages, memberships, bytes) = match request {
            Request::Message(MessageRequest::Send(_)) => (1, 0, bytes),
            // The size of the message is not known here.
            Request::Message(MessageRequest::Forward(_)) => (1, 0, TEXT_BYTES_MAX),
            Request::Message(
                MessageRequest::Import(_)
                | MessageRequest::ListPins(_)
                | MessageRequest::GetImportCursor(_),
            ) => return None,
            Request::Message(_) => (0, 0, bytes),
            Request::Group(
                GroupRequest::FindGroups(_)
                | GroupRequest::ListMembers(_)
                | GroupRequest::ListBanned(_)
                | GroupRequest::GetGroup(_)
                | GroupRequest::GetRetention(_),
            ) => return None,
            Request::Group(GroupRequest::CreateGroup(call)) => {
                (0, GROUP_MEMBERSHIPS + call.members.len(), bytes)
            }
            Request::Group(_) => (0, request.items().max(1), bytes),
            Request::Session(SessionRequest::OpenInquiry(_)) => (1, 0, bytes),
            Request::People(
                PeopleRequest::Relate(_)
                | PeopleRequest::SetProfile(_)
                | PeopleRequest::ChangeKeywords(_),
            ) => (0, 1, bytes),
            _ => return None,
        };
        Some(Self {
            messages,
            memberships: memberships as u64,
            bytes: (bytes + CHANGE_BYTES) as u64,
        })
    }
}

#[cfg(test)]
mod tests;
