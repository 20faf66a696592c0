//! The schemas of the model's types: how their JSON looks.

use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::model;

/// Gives `$type` the schema of `$shape`, by which it is serialised.
macro_rules! schema_by {
    ($type:ty, $shape:ty) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                <$shape as utoipa::PartialSchema>::schema()
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                <$shape as utoipa::ToSchema>::name()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$shape as utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}

pub(super) use schema_by;

/// Gives types that are serialised as strings a schema each, with what is known of these.
macro_rules! strings {
    ($($(#[doc = $doc:literal])* #[schema($($what:tt)*)] $name:ident;)*) => {
        $(const _: () = {
            $(#[doc = $doc])*
            #[derive(ToSchema)]
            #[schema(as = $name, value_type = String, $($what)*)]
            #[expect(dead_code, reason = "it is there for its schema")]
            struct Shape(String);

            schema_by!(model::$name, Shape);
        };)*
    };
}

strings! {
    /// Names a user.
    #[schema(pattern = "^[0-9a-f]{24}$", example = "65f1c0ffee65f1c0ffee65f1")]
    UserId;
    /// Names a room.
    #[schema(pattern = "^[0-9a-f]{24}$", example = "65f1c0ffee65f1c0ffee65f1")]
    RoomId;
    /// Names a message.
    #[schema(pattern = "^[0-9a-f]{24}$", example = "65f1c0ffee65f1c0ffee65f1")]
    MessageId;
    /// Names a call.
    #[schema(pattern = "^[0-9a-f]{24}$", example = "65f1c0ffee65f1c0ffee65f1")]
    CallId;
    /// Names an invitation.
    #[schema(pattern = "^[0-9a-f]{24}$", example = "65f1c0ffee65f1c0ffee65f1")]
    InviteId;
    /// Names a running server.
    #[schema(pattern = "^[0-9a-f]{24}$", example = "65f1c0ffee65f1c0ffee65f1")]
    ServerId;
    /// Names a connection to other people. It is no session id of the transport.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    SocketId;
    /// Milliseconds since 1970, UTC. Serialised as ISO 8601: `2026-11-22T08:00:00.000Z`.
    #[schema(format = DateTime, example = "2026-11-22T08:00:00.000Z")]
    Timestamp;
    /// 3–30 characters: letters, marks and digits of any script, `_ . -`; at least one letter or digit; none that
    /// cannot be seen.
    #[schema(min_length = 3, max_length = 30, example = "ann")]
    Username;
    /// An e-mail address of at most 254 characters, in lower case.
    #[schema(max_length = 254, format = "email", example = "ann@example.com")]
    Email;
    /// 1–100 characters without control characters, at least one of which can be seen.
    #[schema(min_length = 1, max_length = 100)]
    RoomName;
    /// At most 500 characters without control characters.
    #[schema(max_length = 500)]
    Description;
    /// At least 8 characters, at most 72 bytes, no NUL; taken as it stands.
    #[schema(min_length = 8, format = Password)]
    NewPassword;
    /// A message: 1–4,000 characters, at least one of which can be seen; lines end in `\n`; no other control character
    /// than that and the tab.
    #[schema(min_length = 1, max_length = 4000)]
    Content;
    /// 1–64 characters by which a client repeats a message without doubling it.
    #[schema(min_length = 1, max_length = 64)]
    ClientId;
    /// 1–200 characters of why a call was declined.
    #[schema(min_length = 1, max_length = 200)]
    Reason;
}

/// Gives types that are one of some words a schema each.
macro_rules! words {
    ($($name:ident: $description:literal;)*) => {
        $(
            impl utoipa::PartialSchema for model::$name {
                fn schema() -> RefOr<Schema> {
                    let words = model::$name::ALL.iter().map(|one| one.as_str());
                    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
                    schema.description(Some($description)).into()
                }
            }

            impl ToSchema for model::$name {}
        )*
    };
}

words! {
    CallType: "What was rung for.";
    Role: "What a user may do beyond their own affairs.";
    RoomKind: "Who may see a room.";
    CallStatus: "Where a call stands. It only moves on, never back.";
    EndReason: "Why a call ended, or ended for one who was in it or rung.";
}
