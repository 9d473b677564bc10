//! The contract that every implementation of [`super::Store`] keeps: one function for each promise, run
//! against each backend.

mod alerts;
mod anchors;
mod audit;
mod bundles;
mod contents;
mod counters;
mod decisions;
mod findings;
mod goldens;
mod history;
mod ingested;
mod journal;
mod leases;
mod outbox;
mod own_calls;
mod presses;
mod retention;
pub(super) mod sample;
pub(super) mod scans;
mod trail;
mod upkeep;
mod waivers;

use super::SqliteStore;

/// Runs every promise against a store that `$open` makes; the guard it returns lives as long as the store.
macro_rules! run_contract {
    ($backend:ident, $open:expr) => {
        mod $backend {
            run_contract!(@each $open,
                leases: [second_holder_is_told_who_holds_it, expired_lease_is_taken_with_a_newer_epoch,
                    renewing_extends, released_lease_is_free_and_epochs_never_fall, leases_are_independent],
                goldens: [a_version_is_added_once, promoting_deprecates_the_former, saving_a_promoted_one_deprecates_too,
                    a_second_promoted_one_cannot_be_added, revoked_is_final, listing_is_by_line_then_recording,
                    status_changes_are_audited],
                scans: [everything_of_a_scan_comes_back, a_lost_lease_commits_nothing, a_scan_commits_once,
                    volatile_parts_come_back_as_last_seen, results_are_those_of_the_last_scan,
                    history_outlives_a_scan_that_saw_less, checkpoints_never_go_back, known_events_stay_as_first_seen,
                    an_event_is_known_better_when_its_target_is_found,
                    moved_links_end_with_the_newest_owner, user_data_keeps_the_newest,
                    inputs_are_kept_once_while_nothing_changes],
                decisions: [a_decision_is_one_record_while_it_stays_the_same,
                    another_decision_and_the_end_of_one_are_records_of_their_own],
                trail: [objects_are_remembered_until_they_are_settled, what_could_not_be_read_is_kept_until_it_is,
                    what_was_given_up_is_told_once, letters_are_tried_again_or_dropped_by_people, old_marks_and_letters_go],
                contents: [the_newest_report_of_a_type_stays, hashes_of_clean_instances_go_when_nobody_reports_them],
                history: [scans_are_counted_over_a_period],
                ingested: [a_replay_of_a_file_changes_nothing, a_scan_judges_what_was_only_ingested],
                findings: [resolved_ones_are_left_out_unless_asked, people_acknowledge_and_reopen,
                    people_neither_resolve_nor_waive, a_running_scan_does_not_undo_an_acknowledgement],
                waivers: [expiry_is_mandatory, an_exception_needs_a_scope, revoking_ends_it_now,
                    pauses_hold_until_resumed, a_pause_by_another_keeps_the_reason_that_is_there],
                outbox: [a_key_is_inserted_once_for_each_destination, order_holds_within_a_destination,
                    a_failed_row_holds_back_its_destination_only, settled_rows_stay_settled, errors_are_bounded,
                    what_takes_nothing_now_is_known_and_a_failed_test_can_be_taken_back,
                    last_notice_ignores_dead_rows, what_waits_for_its_time_holds_back_its_group_only,
                    a_begun_delivery_is_remembered, a_notice_carries_the_head_of_the_audit_log, no_row_overtakes_another],
                alerts: [a_silence_has_a_scope_and_an_end, revoking_a_silence_ends_it_now,
                    a_thread_is_kept_until_it_is_replaced],
                presses: [a_press_is_kept_once_with_its_audit_entry, old_presses_go],
                bundles: [an_older_bundle_is_not_taken_again],
                anchors: [where_anchoring_stands_is_kept],
                audit: [entries_form_a_chain, the_head_tells_what_is_missing],
                journal: [an_operation_comes_back_as_it_was_written, one_operation_at_a_time_on_an_instance,
                    only_what_undoes_an_operation_may_begin_beside_it, a_finished_quarantine_can_be_released,
                    illegal_moves_are_refused_and_change_nothing, what_is_over_stays_over,
                    an_operation_begins_at_its_beginning, a_lost_lease_writes_nothing,
                    what_happens_is_audited_without_contents],
                own_calls: [a_window_ends_at_the_next_entry_of_its_step, undoing_is_a_call_too, approvals_expire],
                retention: [old_scans_go_and_open_findings_stay, the_last_scan_is_never_pruned,
                    operations_outlive_their_scans],
                counters: [counts_add_up, series_are_bounded, scans_and_notices_are_counted_with_what_happens,
                    a_series_that_is_not_counted_any_more_goes],
                upkeep: [what_would_be_pruned_is_told_and_kept, stats_name_what_is_kept]
            );
        }
    };
    (@each $open:expr, $($topic:ident: [$($promise:ident),+ $(,)?]),+) => {$(
        mod $topic {
            $(#[test]
            fn $promise() {
                let (store, _guard) = $open;
                crate::store::contract::$topic::$promise(&store);
            })+
        }
    )+};
}

run_contract!(sqlite_in_memory, (crate::store::SqliteStore::open_in_memory().expect("memory"), ()));
run_contract!(sqlite_on_disk, crate::store::contract::on_disk());

fn on_disk() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    (SqliteStore::open(&folder.path().join("state.db")).expect("a new state"), folder)
}
