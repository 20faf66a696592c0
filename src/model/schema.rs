//! Schemas of types that are serialised through another one.

/// Gives `$type` the schema of `$wire`, by which it is serialised.
macro_rules! wire_schema {
    ($type:ty, $wire:ty) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                <$wire as utoipa::PartialSchema>::schema()
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                <$wire as utoipa::ToSchema>::name()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$wire as utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}

pub(super) use wire_schema;
