//! The audit log: adding what owners and admins do, expiring it, and reading it.

use cairn_proto::ids::Timestamp;
use cairn_proto::limits::AUDIT_PAGE_MAX;
use cairn_proto::model::audit::{AuditAct, AuditPage, AuditRecord};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::server::ListAudit;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::limits::{AUDIT_RECORDS_PER_DAY_MAX, DAY_MS};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::State;

impl Handle for ListAudit {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        if state
            .check_on_server(actor.user, Action::ReadAudit)
            .is_err()
        {
            return;
        }
        let page = state.audit.page(self.first, AUDIT_PAGE_MAX);
        if page.clone().any(|number| state.audit.get(number).is_none()) {
            loads.push(Load::Audit(page.start, page.end - 1));
        }
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<AuditPage, ErrorCode> {
        state.check_on_server(context.actor.user, Action::ReadAudit)?;
        let page = state.audit.page(self.first, AUDIT_PAGE_MAX);
        Ok(AuditPage {
            records: page
                .filter_map(|number| state.audit.get(number).cloned())
                .collect(),
            last: state.audit.next() - 1,
        })
    }
}

impl State {
    /// Records an act. Call once it is certain to be done, and before anything changes.
    ///
    /// # Errors
    /// `LimitReached` after too many acts of the actor on one day, which must then be refused:
    /// nothing is done without a record.
    pub(crate) fn audit(
        &mut self,
        actor: Actor,
        act: AuditAct,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        self.check_audit(actor, 1, now)?;
        let record = AuditRecord {
            number: self.audit.next(),
            at: now,
            actor: actor.user,
            device: actor.device,
            act,
        };
        self.make(&Change::Audited(record), batch);
        Ok(())
    }

    /// Checks that so many acts can be recorded.
    ///
    /// # Errors
    /// As [`Self::audit`].
    pub(crate) fn check_audit(
        &self,
        actor: Actor,
        acts: usize,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let acts = u32::try_from(acts).unwrap_or(u32::MAX);
        let count = self.audit.count_of(actor.user, now).saturating_add(acts);
        match count <= AUDIT_RECORDS_PER_DAY_MAX {
            true => Ok(()),
            false => Err(ErrorCode::LimitReached),
        }
    }

    /// Expires records of the audit log, by the server's clock.
    pub(crate) fn trim_audit(&mut self, batch: &mut Batch) {
        let kept_ms = (self.settings().audit_days.get() as u64).saturating_mul(DAY_MS);
        let since = Timestamp::new(self.clock().time().get().saturating_sub(kept_ms));
        if let Some(first) = self.audit.kept_since(since) {
            self.make(&Change::AuditTrimmed { first }, batch);
        }
    }
}
