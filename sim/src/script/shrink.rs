//! Finds a smaller script that fails as well.

use super::Script;

/// Runs that the search may take.
const RUNS_MAX: usize = 400;

/// Leaves out parts of a failing script, halves first, as long as it fails. `fails` runs one.
pub(crate) fn shrink(script: &Script, mut fails: impl FnMut(&Script) -> bool) -> Script {
    let (mut best, mut runs) = (script.clone(), 0);
    let mut try_one = |candidate: Script, best: &mut Script, runs: &mut usize| {
        *runs += 1;
        let is_smaller = *runs <= RUNS_MAX && fails(&candidate);
        if is_smaller {
            *best = candidate;
        }
        is_smaller
    };
    if !best.first_cuts.is_empty() {
        let candidate = Script {
            first_cuts: Vec::new(),
            ..best.clone()
        };
        try_one(candidate, &mut best, &mut runs);
    }
    let mut len = best.steps.len().div_ceil(2);
    while len > 0 && runs < RUNS_MAX {
        let mut at = 0;
        let mut has_shrunk = false;
        while at < best.steps.len() && runs < RUNS_MAX {
            let mut candidate = best.clone();
            candidate.steps.drain(at..best.steps.len().min(at + len));
            if try_one(candidate, &mut best, &mut runs) {
                has_shrunk = true;
            } else {
                at += len;
            }
        }
        // Steps of a smaller script may be left out that were needed before.
        if !has_shrunk || len > 1 {
            len /= 2;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::step::{Step, Timed};
    use super::*;

    #[test]
    fn only_what_a_failure_needs_is_left() {
        let steps = (0..100)
            .map(|n| Timed {
                at_ms: n,
                step: Step::List { device: n as usize },
            })
            .collect();
        let script = Script {
            seed: 1,
            first_cuts: vec![3],
            has_desk: false,
            has_sessions: false,
            steps,
        };
        let needs = |script: &Script, at| script.steps.iter().any(|step| step.at_ms == at);
        let fails = |script: &Script| needs(script, 17) && needs(script, 62);
        let small = shrink(&script, fails);
        let left: Vec<u64> = small.steps.iter().map(|step| step.at_ms).collect();
        assert_eq!((left, small.first_cuts), (vec![17, 62], Vec::new()));
    }
}
