//! Which device is in which group.

/// Every device in as many groups, and every group with about as many devices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    devices: usize,
    groups_each: usize,
    groups: usize,
}

impl Layout {
    /// So many devices, each in `groups_each` groups of about `members` devices. A group that would need more members than there are
    /// devices has them all.
    pub(super) fn new(devices: usize, groups_each: usize, members: usize) -> Self {
        let groups = (devices * groups_each).div_ceil(members).max(groups_each);
        Self {
            devices,
            groups_each,
            groups,
        }
    }

    /// All groups.
    pub(super) const fn groups(self) -> usize {
        self.groups
    }

    /// Those of one device.
    pub(super) fn groups_of(self, device: usize) -> impl Iterator<Item = usize> {
        // Neighbours in the round are different as long as a device has no more than there are.
        (0..self.groups_each).map(move |at| (device * self.groups_each + at) % self.groups)
    }

    /// The devices of each group.
    pub(super) fn members(self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.groups];
        for device in 0..self.devices {
            self.groups_of(device)
                .for_each(|group| members[group].push(device));
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn devices_are_in_different_groups_and_groups_are_of_about_one_size() {
        for (devices, groups_each, members, groups) in [
            (100, 20, 10, 200),
            (10, 3, 100, 3),
            (7, 5, 4, 9),
            (1, 1, 1, 1),
            (3, 4, 2, 6),
        ] {
            let layout = Layout::new(devices, groups_each, members);
            assert_eq!(layout.groups(), groups);
            for device in 0..devices {
                assert_eq!(
                    layout.groups_of(device).collect::<HashSet<_>>().len(),
                    groups_each
                );
            }
            let sizes: Vec<usize> = layout.members().iter().map(Vec::len).collect();
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            assert!(most - least <= 1 && *least > 0, "{sizes:?}");
            assert_eq!(sizes.iter().sum::<usize>(), devices * groups_each);
        }
    }
}
