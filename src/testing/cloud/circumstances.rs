//! Circumstances that tests and stories set: capacity, alarms, permissions, bad images, groups' habits.

use std::sync::Arc;

use super::FakeCloud;
use crate::plan::AlarmState;
use crate::remediate::Tracking;
use crate::testing::account_log::{By, Change};
use crate::testing::error::SimError;
use crate::testing::ground::{Ground, RootFailure};
use crate::testing::heal::NOTICES;
use crate::testing::launch::LaunchSpec;
use crate::types::{EniId, ImageId, InstanceId, Place, SecurityGroupId};

impl FakeCloud {
    /// Whether servers of this type can be launched in this zone.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn set_capacity(&self, place: &Place, instance_type: &str, zone: &str, there: bool) -> Result<(), SimError> {
        let key = (instance_type.to_owned(), zone.to_owned());
        self.ground(place, |ground| {
            if there {
                ground.exhausted.remove(&key);
            } else {
                ground.exhausted.insert(key);
            }
        })
    }

    /// The state of an alarm; `None`: there is no such alarm.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn set_alarm(&self, place: &Place, name: &str, state: Option<AlarmState>) -> Result<(), SimError> {
        self.ground(place, |ground| {
            ground.alarms.remove(name);
            ground.alarms.extend(state.map(|state| (name.to_owned(), state)));
        })
    }

    /// An SSM parameter; `None` removes it.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn set_parameter(&self, place: &Place, name: &str, value: Option<&str>) -> Result<(), SimError> {
        self.ground(place, |ground| {
            ground.parameters.remove(name);
            ground.parameters.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        })
    }

    /// Whether the enforcing role may make this call, e.g. `ec2:StopInstances`.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn permit(&self, place: &Place, action: &str, allowed: bool) -> Result<(), SimError> {
        self.ground(place, |ground| {
            if allowed {
                ground.denied.remove(action);
            } else {
                ground.denied.insert(action.to_owned());
            }
        })
    }

    /// Replacements of root volumes that begin from now on fail like this, or succeed again.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn set_root_failure(&self, place: &Place, failure: Option<RootFailure>) -> Result<(), SimError> {
        self.ground(place, |ground| ground.roots_fail = failure)
    }

    /// Servers launched from this image from now on do not pass their status checks, or do again.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn set_bootable(&self, place: &Place, image: &ImageId, boots: bool) -> Result<(), SimError> {
        self.ground(place, |ground| {
            if boots {
                ground.unbootable.remove(image);
            } else {
                ground.unbootable.insert(image.clone());
            }
        })
    }

    /// Servers launched from this image from now on hold something that was not recorded, or do not any more.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn set_spoilt(&self, place: &Place, image: &ImageId, spoilt: bool) -> Result<(), SimError> {
        self.ground(place, |ground| {
            if spoilt {
                ground.spoilt.insert(image.clone());
            } else {
                ground.spoilt.remove(image);
            }
        })
    }

    /// Makes a security group with this many rules each way, or changes the one of this name; answers its id. Open:
    /// it lets everything through.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn set_security_group(
        &self,
        place: &Place,
        name: &str,
        rules: usize,
        open: bool,
    ) -> Result<SecurityGroupId, SimError> {
        self.ground(place, |ground| ground.add_group(place, name, rules, open))
    }

    /// Deletes a security group by its name.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn delete_security_group(&self, place: &Place, name: &str) -> Result<(), SimError> {
        self.ground(place, |ground| ground.security_groups.retain(|_, group| group.name != name))
    }

    /// Whether a server fails its status checks.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn set_impaired(&self, instance: &InstanceId, impaired: bool) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            if state.server(place, instance)?.attributes.impaired == impaired {
                return Ok(());
            }
            let how = if impaired { "impaired" } else { "well again" };
            state.note(place, &By::World, instance, Change::Drifted { how: how.to_owned() });
            state.change(place, instance, |server| server.attributes.impaired = impaired)?;
            state.upset_groups_of(place, instance, NOTICES);
            Ok(())
        })
    }

    /// Whether a server's subnet gives it a public address, which changes with every start.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn set_auto_public_ip(&self, instance: &InstanceId, on: bool) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let address = if on { Some(state.public_address(place)?) } else { None };
            state.change(place, instance, |server| {
                server.attributes.auto_public_ip = on;
                server.attributes.public_ip = address;
            })
        })
    }

    /// Protections of a server, as somebody has set them: against termination, against being stopped.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn set_protections(&self, instance: &InstanceId, termination: bool, stop: bool) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.change(place, instance, |server| {
                (server.attributes.termination_protected, server.attributes.stop_protected) = (termination, stop);
            })
        })
    }

    /// What a shutdown from inside does to a server: `stop` or `terminate`.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn set_shutdown_behavior(&self, instance: &InstanceId, behavior: &str) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.change(place, instance, |server| server.attributes.shutdown_behavior = Arc::from(behavior))
        })
    }

    /// Connection tracking of an interface, as somebody has set it.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn set_tracking(&self, instance: &InstanceId, interface: &EniId, tracking: Tracking) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.change(place, instance, |server| {
                server.attributes.tracking.insert(interface.clone(), tracking);
            })
        })
    }

    /// Gives an interface one more private address, IPv4 or IPv6.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn add_address(&self, instance: &InstanceId, interface: &EniId, address: &str) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.change(place, instance, |server| {
                for held in server.interfaces.iter_mut().filter(|held| held.id == *interface) {
                    held.addresses.push(address.to_owned());
                }
            })
        })
    }

    /// What an Auto Scaling group launches from now on.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn edit_group_template(
        &self,
        place: &Place,
        group: &str,
        edit: impl FnOnce(&mut LaunchSpec),
    ) -> Result<(), SimError> {
        self.lock().change_group(place, group, |group| edit(Arc::make_mut(&mut group.template)))
    }

    /// Whether a group's template version is a number, and whether an instance refresh runs.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn set_group_habits(&self, place: &Place, group: &str, pinned: bool, refreshing: bool) -> Result<(), SimError> {
        self.lock().change_group(place, group, |group| (group.pinned, group.refreshing) = (pinned, refreshing))
    }

    /// Minimum and maximum size of a group.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn set_group_limits(&self, place: &Place, group: &str, min_size: i32, max_size: i32) -> Result<(), SimError> {
        self.lock().change_group(place, group, |group| (group.min_size, group.max_size) = (min_size, max_size))
    }

    fn ground<T>(&self, place: &Place, act: impl FnOnce(&mut Ground) -> T) -> Result<T, SimError> {
        Ok(act(&mut self.lock().site_mut(place)?.ground))
    }
}
