//! How a number of connections rises.

use std::time::Duration;

use serde::Serialize;

use crate::limits;

/// How many there were, and when, in seconds: steps of a rise to a known number.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Climb {
    steps: Vec<(f64, usize)>,
    #[serde(skip)]
    goal: usize,
}

impl Climb {
    /// Nothing yet, of so many.
    pub fn to(goal: usize) -> Self {
        Self {
            steps: vec![(0.0, 0)],
            goal,
        }
    }

    /// Now there are `count`, one more than before. Of many, only some are kept.
    pub fn reached(&mut self, count: usize, after: Duration) {
        let every = self.goal.div_ceil(limits::MOMENTS_MAX - 1).max(1);
        if count.is_multiple_of(every) || count == self.goal {
            self.steps.push((after.as_millis() as f64 / 1_000.0, count));
        }
    }

    pub fn points(&self) -> Vec<(f64, f64)> {
        self.steps
            .iter()
            .map(|&(s, count)| (s, count as f64))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_climb_is_told_in_few_steps_and_to_its_end() {
        for goal in [1, 7, limits::MOMENTS_MAX, 4_999, 20_000] {
            let mut climb = Climb::to(goal);
            (1..=goal).for_each(|count| climb.reached(count, Duration::from_millis(count as u64)));
            let points = climb.points();
            assert!(
                points.len() <= limits::MOMENTS_MAX + 1,
                "{goal}: {}",
                points.len()
            );
            assert_eq!(
                (points[0], points[points.len() - 1]),
                ((0.0, 0.0), (goal as f64 / 1_000.0, goal as f64))
            );
        }
    }
}
