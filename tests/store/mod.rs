//! The contract of the store: one suite, run against every engine, so that a trap in one is a failing test and not a
//! surprise.
//!
//! An engine is a [`Place`]; `contract!(engine, PlaceType)` makes a test of each case for it.

use std::sync::Arc;

use tincan::store::Store;

pub(crate) mod accounts;
pub(crate) mod calls;
pub(crate) mod closed_rooms;
mod embedded;
pub(crate) mod invites;
pub(crate) mod lifetime;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod rooms;

/// Where a store lies, and how it is opened there again.
#[async_trait::async_trait]
pub(crate) trait Place: Sized + Send + Sync {
    /// A new, empty place; `None`, with the reason printed, where the engine cannot run on this machine.
    async fn new() -> Option<Self>;

    /// Opens what lies there. At most one is open at a time.
    async fn open(&self) -> Arc<dyn Store>;
}

/// Makes a module of tests out of the cases: `contract!(polodb, PoloDbPlace);`. Attributes before the name go to every
/// test.
macro_rules! contract {
    ($(#[$attribute:meta])* $engine:ident, $place:ty) => {
        mod $engine {
            use super::*;
            contract! { @cases [$(#[$attribute])*] $place;
                accounts {
                    an_account_is_found_by_its_id_its_address_and_its_name_in_any_case
                    what_does_not_exist_is_none
                    a_name_is_taken_in_any_case_and_told_before_the_address
                    an_id_that_exists_is_refused
                    of_fifty_at_once_that_want_one_name_just_one_gets_it
                    of_fifty_at_once_that_want_one_address_just_one_gets_it
                    names_of_any_script_are_kept_as_they_are_written
                    a_name_with_a_control_character_is_refused_at_the_door
                    users_are_found_by_the_beginning_of_a_part_in_the_order_of_their_keys
                    references_come_in_the_order_asked_for
                    token_versions_are_told_of_those_who_exist
                    a_password_is_changed_only_from_the_one_that_it_was
                    of_fifty_changes_of_one_password_just_one_wins
                    of_eight_hundred_parallel_updates_none_is_lost
                    a_removed_user_frees_name_and_address_and_leaves_every_room
                }
                people {
                    of_fifty_at_once_in_an_empty_store_just_one_is_the_first
                    where_somebody_has_an_account_nobody_is_the_first
                    the_last_administrator_is_neither_demoted_disabled_nor_removed
                    of_many_administrators_who_go_at_once_one_stays
                    disabling_ends_tokens_once_and_changes_nothing_else
                    a_code_sets_a_password_once_and_until_it_ends
                    of_a_disabled_account_the_operator_alone_sets_the_password
                    tokens_are_ended_without_a_new_password
                    when_somebody_was_seen_never_goes_back
                    accounts_are_listed_whole_and_everything_is_counted
                }
                invites {
                    an_invitation_is_found_by_its_code_and_listed_while_it_is_left
                    with_one_use_left_and_fifty_who_come_one_gets_in
                    a_use_counts_once_and_is_given_back_once_where_it_came_to_nothing
                    invitations_go_when_they_are_taken_back_over_or_without_their_maker
                }
                rooms {
                    a_room_is_read_as_it_was_made
                    rooms_are_listed_newest_first
                    a_room_name_is_taken_in_any_case
                    a_room_name_is_taken_whatever_cannot_be_seen_in_it
                    rooms_of_before_that_look_alike_are_all_kept
                    of_fifty_at_once_that_want_one_room_name_just_one_gets_it
                    a_room_that_is_not_new_or_has_a_control_character_is_refused_at_the_door
                    a_patch_changes_what_it_names_and_nothing_else
                    a_room_may_take_another_spelling_of_its_own_name
                    participants_stand_in_the_order_of_joining_and_none_twice
                    of_eight_hundred_parallel_joins_none_is_lost
                    joins_and_renames_at_once_lose_nothing
                    two_share_a_room_while_both_are_participants
                    a_deleted_room_is_gone_at_once_and_its_name_is_free
                    a_room_made_after_a_deleted_one_is_not_touched_by_it
                }
                closed_rooms {
                    a_closed_room_is_read_as_it_was_made_and_seen_by_its_members
                    of_fifty_who_open_a_direct_room_of_two_at_once_all_get_one
                    a_private_room_is_handed_on_to_who_has_been_in_it_longest
                    a_removed_user_leaves_private_rooms_and_stays_in_direct_ones
                    who_sends_has_read_and_who_is_called_is_counted
                    more_senders_than_stand_in_one_record_are_all_kept
                }
                messages {
                    messages_are_numbered_from_one_without_gaps
                    a_message_is_read_as_it_was_written
                    of_eight_hundred_parallel_messages_none_is_lost_and_no_number_repeats
                    a_batch_keeps_its_order_among_others
                    a_repeated_client_id_is_answered_with_the_first_message
                    a_client_id_may_repeat_within_one_batch
                    a_client_id_used_by_fifty_at_once_is_stored_once
                    a_client_id_belongs_to_its_sender_and_its_room
                    every_page_is_what_a_plain_list_would_give
                    a_page_reaches_across_many_batches
                    a_room_knows_its_newest_message
                    a_sender_whose_name_holds_a_control_character_writes_and_so_do_its_neighbours
                    rooms_written_at_once_are_numbered_each_for_itself
                }
                calls {
                    a_call_is_read_as_it_was_saved
                    a_call_is_saved_again_as_it_then_stands
                    a_history_holds_the_calls_that_concern_the_user_newest_first
                    a_history_is_read_in_pages_and_any_id_is_a_place_in_it
                    who_joins_later_has_the_call_too
                    open_calls_are_those_that_have_not_ended
                    calls_saved_at_once_are_all_kept
                    a_call_is_changed_only_over_what_it_was_decided_from
                    nobody_is_in_two_calls_and_no_room_has_two
                    of_many_who_change_a_call_at_once_one_does
                    how_a_call_stands_is_read_as_it_was_saved
                }
                lifetime {
                    everything_is_there_after_a_reopen
                    a_deleted_room_stays_gone_after_a_reopen
                    numbers_and_client_ids_go_on_after_a_reopen
                    a_closed_store_answers_that_it_is_unavailable
                    an_open_store_is_healthy
                }
            }
        }
    };
    (@cases $attributes:tt $place:ty; $($area:ident { $($case:ident)+ })+) => {
        $(mod $area {
            use super::*;
            $(contract! { @case $attributes $place; $area $case })+
        })+
    };
    (@case [$(#[$attribute:meta])*] $place:ty; $area:ident $case:ident) => {
        $(#[$attribute])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            if let Some(place) = <$place as Place>::new().await {
                crate::store::$area::$case(&place).await;
            }
        }
    };
}

pub(crate) use contract;

use crate::support::polodb_place::PoloDbPlace;

contract!(polodb, PoloDbPlace);
