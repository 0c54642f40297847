//! Expiry of old entries: a background task that visits one conversation after another and asks the
//! sequencer to raise its floor.
//!
//! It reads on the blocking pool, a bounded part at a time, and pauses in between.

mod policies;

use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::model::retention::Retention;
use cairn_proto::wire::error::ErrorCode;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, error, info};

use crate::limits;
use crate::principal::Principal;
use crate::retention::policies::Policies;
use crate::shared::Shared;
use cairn_core::api::command::{Expire, GetRetained, KeepsByDefault, ReadClock, Retained};
use cairn_core::clock::date;
use cairn_core::messages::retention::cutoff;
use cairn_store::timeline::Timeline;
use cairn_store::timeline::retention::{Aged, Ages, Scope, aged};

/// Visits every conversation that may expire entries in rounds, and those whose policy changed at
/// once.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut policies = Policies::new(&shared.followers, shared.host.blocking);
    let mut next_round = Instant::now();
    loop {
        // Before the round, which finds in the trees what is no longer in the log.
        let changed = policies.changed().await;
        let mut pass = Pass::default();
        let now = Instant::now();
        if changed.is_anywhere || now >= next_round {
            next_round = now + limits::RETENTION_INTERVAL;
            // Logged even where nothing expires: a policy may be set later.
            if let Err(code) = shared.ask(Principal::Server, ReadClock).await {
                error!(%code, "cannot log the server's clock");
            }
            round(&shared, &mut pass).await;
        }
        for conversation in changed.conversations {
            maintain(&shared, conversation, &mut pass).await;
        }
        pass.log();
        sleep(limits::RETENTION_PAUSE).await;
        timeout_at(next_round, policies.ready()).await.ok();
    }
}

/// What went in one pass.
#[derive(Debug, Default)]
struct Pass {
    conversations: u64,
    entries: u64,
    clock: Option<Timestamp>,
}

impl Pass {
    fn log(&self) {
        let Self {
            conversations,
            entries,
            clock,
        } = *self;
        if entries > 0 {
            let clock = clock.map(date);
            info!(conversations, entries, clock, "messages expired");
        }
    }
}

async fn round(shared: &Arc<Shared>, pass: &mut Pass) {
    let scope = match shared.ask(Principal::Server, KeepsByDefault).await {
        Ok(true) => Scope::WithPolicy,
        Ok(false) => Scope::All,
        Err(code) => return error!(%code, "cannot read the default retention"),
    };
    let mut after = None;
    loop {
        let retentions = shared.retentions.clone();
        let read = move || retentions.page(scope, after, limits::RETENTION_PAGE_ROWS);
        let page = match shared.host.blocking.run(read).await {
            Ok(Ok(page)) => page,
            Ok(Err(failure)) => {
                return error!(%failure, "cannot list conversations with a retention policy");
            }
            Err(_) => return,
        };
        for &conversation in &page {
            maintain(shared, conversation, pass).await;
        }
        match page.last() {
            Some(&last) if page.len() >= limits::RETENTION_PAGE_ROWS => after = Some(last),
            Some(_) | None => return,
        }
        sleep(limits::RETENTION_PAUSE).await;
    }
}

/// Expires entries of one conversation.
async fn maintain(shared: &Arc<Shared>, conversation: ConversationId, pass: &mut Pass) {
    match expire(shared, conversation, pass).await {
        // It may have been evicted between the two commands. The next round visits it again.
        Ok(()) | Err(ErrorCode::NotFound) => {}
        Err(code) => error!(%conversation, %code, "cannot expire messages"),
    }
}

async fn expire(
    shared: &Arc<Shared>,
    conversation: ConversationId,
    pass: &mut Pass,
) -> Result<(), ErrorCode> {
    let Retained {
        policy,
        head,
        floor,
    } = shared
        .ask(Principal::Server, GetRetained(conversation))
        .await?;
    if policy == Retention::Keep || floor >= head {
        return Ok(());
    }
    let Some(timeline) = shared.timelines.get(conversation) else {
        return Ok(());
    };
    let clock = shared.ask(Principal::Server, ReadClock).await?;
    pass.clock = Some(clock);
    let expired = expire_above(shared, conversation, &timeline, policy, floor, clock).await;
    // What went, whether or not there was an error after it.
    let entries = timeline.floor().above(floor);
    pass.conversations += u64::from(entries > 0);
    pass.entries += entries;
    expired
}

async fn expire_above(
    shared: &Arc<Shared>,
    conversation: ConversationId,
    timeline: &Arc<Timeline>,
    policy: Retention,
    floor: MsgId,
    clock: Timestamp,
) -> Result<(), ErrorCode> {
    let mut from = floor;
    loop {
        let Aged { through, has_more } =
            aged_through(shared, timeline.clone(), from, policy, clock).await?;
        debug!(%conversation, %policy, %through, "messages are old enough to expire");
        // If only age counts and nothing is old enough, there is nothing to decide.
        let may_go = through > from || matches!(policy, Retention::UntilAcked { .. });
        let expire = Expire {
            conversation,
            policy,
            aged: through,
        };
        while may_go && shared.ask(Principal::Server, expire).await? {
            sleep(limits::RETENTION_PAUSE).await;
        }
        if !has_more {
            return Ok(());
        }
        from = through;
        sleep(limits::RETENTION_PAUSE).await;
    }
}

async fn aged_through(
    shared: &Arc<Shared>,
    timeline: Arc<Timeline>,
    from: MsgId,
    policy: Retention,
    clock: Timestamp,
) -> Result<Aged, ErrorCode> {
    let Some(cutoff) = cutoff(policy, clock) else {
        return Ok(Aged {
            through: from,
            has_more: false,
        });
    };
    let history = shared.history.history.clone();
    let read = shared.host.blocking.run(move || {
        aged(
            &history,
            &timeline,
            from,
            Ages { clock, cutoff },
            cairn_core::limits::RETENTION_STEP_ENTRIES,
        )
    });
    read.await
        .map_err(|_| ErrorCode::Damaged)?
        .map_err(|failure| {
            error!(%failure, "cannot read the age of messages");
            ErrorCode::Damaged
        })
}
