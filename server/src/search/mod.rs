//! Searches: a scan of what the user may see, in which every hit is verified against the message as
//! it is now, through the same [`Window`](crate::history::Window) as a pull.
//!
//! Nothing is decided here about who may see what, and nothing is stored. The sequencer names the
//! conversations that the user is in and, once per session and conversation, permits to read it, as
//! for a pull.

mod heads;
mod part;
mod permission;
mod pool;
mod scan;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

use cairn_proto::limits as wire;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::metrics::SearchMetrics;
use cairn_proto::wire::request::session::{Found, Search, SearchGoal};
use cairn_search::{Matcher, Respeller};
use cairn_store::timeline::history::History;

use self::heads::Heads;
use self::pool::{IsAbandoned, NotRun, Pool};
use self::scan::{Bounds, Scan};
use self::verify::{Matching, Respelling, Verifier};
use crate::host::Blocking;
use crate::limits;
use crate::session::requests::Asker;

/// The searches of all sessions.
#[derive(Debug, Default)]
pub(crate) struct Searches {
    pool: Pool,
    heads: Arc<Heads>,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    refused: AtomicU64,
    blocks: AtomicU64,
    micros: AtomicU64,
}

impl Searches {
    pub(crate) fn note_refused(&self) {
        self.counters.refused.fetch_add(1, Ordering::Relaxed);
    }

    #[must_use]
    pub(crate) fn metrics(&self) -> SearchMetrics {
        let Counters {
            requests,
            refused,
            blocks,
            micros,
        } = &*self.counters;
        let [requests, refused, blocks, micros] =
            [requests, refused, blocks, micros].map(|counter| counter.load(Ordering::Relaxed));
        SearchMetrics {
            requests,
            refused,
            blocks,
            micros,
        }
    }

    /// Searches on threads of their own, or where the server's other work blocks.
    #[must_use]
    pub(crate) fn on(blocking: Blocking) -> Self {
        Self {
            pool: Pool::on(blocking),
            ..Self::default()
        }
    }

    /// Ends the threads.
    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

impl Counters {
    fn note(&self, blocks: u32, since: Instant) {
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.blocks.fetch_add(u64::from(blocks), Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// Answers a search.
pub(crate) async fn search(asker: Asker, call: Search) -> Result<Found, ErrorCode> {
    let places = call.before.as_ref().map_or(0, |cursor| cursor.places.len());
    if call.limit == 0 || call.budget == 0 || places > wire::SEARCH_CONVERSATIONS_MAX {
        return Err(ErrorCode::BadRequest);
    }
    let scope = permission::scope(&asker, &call.query).await?;
    let matcher = Matcher::with_aliases(&call.query, &scope.aliases);
    let parts = permission::parts(&asker, &matcher, scope.conversations).await?;
    let work = Work {
        scan: Scan::new(parts, call.before),
        verifier: Verifier {
            session: asker.session.clone(),
            user: asker.actor.user,
            history: asker.shared.history.history.clone(),
        },
        bounds: Bounds {
            hits: call.limit.min(wire::SEARCH_HITS_MAX) as usize,
            blocks: call.budget.min(wire::SEARCH_BUDGET_MAX),
            time: limits::SEARCH_TIME_MAX,
        },
        heads: asker.shared.searches.heads.clone(),
        counters: asker.shared.searches.counters.clone(),
    };
    let goal = call.goal;
    let principal = asker.actor.into();
    let pool = &asker.shared.searches.pool;
    let found = pool.run(principal, move |is_abandoned| match goal {
        SearchGoal::Hits => work.find(&matcher, is_abandoned),
        SearchGoal::Respelling => match Respeller::of(matcher) {
            Some(respeller) => work.respell(respeller, is_abandoned),
            None => Ok(NOTHING),
        },
    });
    match found.await {
        Ok(found) => found,
        Err(NotRun::Full) => {
            asker.shared.searches.note_refused();
            Err(ErrorCode::RateLimited)
        }
        // The connection is about to be closed with a code that says why.
        Err(NotRun::Closed) => std::future::pending().await,
    }
}

const NOTHING: Found = Found {
    hits: Vec::new(),
    respelling: None,
    next: None,
};

/// What a thread of the pool does for a request.
struct Work {
    scan: Scan,
    verifier: Verifier,
    bounds: Bounds,
    heads: Arc<Heads>,
    counters: Arc<Counters>,
}

impl Work {
    /// Finds the newest messages that match.
    fn find(
        mut self,
        matcher: &Matcher,
        is_abandoned: IsAbandoned<'_>,
    ) -> Result<Found, ErrorCode> {
        let began = Instant::now();
        let mut matching = Matching::new(matcher, self.verifier.user);
        let history: &History = &self.verifier.history;
        let scanned = self
            .scan
            .run(history, self.bounds, &mut matching, is_abandoned)?;
        let (hits, left) = self
            .verifier
            .verify(&scanned.hits, &self.scan, &mut matching)?;
        for (conversation, head, time) in self.scan.heads() {
            self.heads.note(conversation, head, time);
        }
        self.counters.note(scanned.blocks, began);
        Ok(Found {
            hits,
            respelling: None,
            next: self.scan.cursor(left),
        })
    }

    /// Finds a spelling with which the newest messages would match.
    fn respell(
        mut self,
        respeller: Respeller,
        is_abandoned: IsAbandoned<'_>,
    ) -> Result<Found, ErrorCode> {
        let began = Instant::now();
        let mut respelling = Respelling::new(respeller, self.verifier.user);
        let history: &History = &self.verifier.history;
        let scanned = self
            .scan
            .run(history, self.bounds, &mut respelling, is_abandoned)?;
        self.counters.note(scanned.blocks, began);
        Ok(Found {
            respelling: respelling.best(),
            ..NOTHING
        })
    }
}
