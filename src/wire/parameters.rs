//! Describes query parameters by the schemas of their types, so that a type is declared once for the query string and for a JSON
//! body.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, SchemaType, Type};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{IntoParams, ToSchema};

use super::papers::{PaperPassagesRequest, PapersRequest, PassageRequest, SimilarRequest};
use super::request::SearchRequest;
use super::tasks::{TaskEventsRequest, TasksRequest, WaitRequest};

/// Describes the fields of types as query parameters.
macro_rules! query_parameters {
    ($($name:ty),*) => {
        $(impl IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                parameters::<Self>()
            }
        })*
    };
}

query_parameters!(
    SearchRequest,
    PapersRequest,
    PaperPassagesRequest,
    PassageRequest,
    SimilarRequest,
    TasksRequest,
    TaskEventsRequest,
    WaitRequest
);

/// The names of the fields that are lists. In a query string these may be repeated, or separated by commas.
pub fn list_parameters<T: ToSchema>() -> Vec<String> {
    let RefOr::T(Schema::Object(object)) = T::schema() else { return Vec::new() };
    let is_list = |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Array(_)));
    object.properties.into_iter().filter(|(_, schema)| is_list(schema)).map(|(name, _)| name).collect()
}

fn parameters<T: ToSchema>() -> Vec<Parameter> {
    let RefOr::T(Schema::Object(Object { properties, required, .. })) = T::schema() else { return Vec::new() };
    let parameter = |(name, schema): (String, RefOr<Schema>)| {
        let schema = present(schema);
        let is_required = if required.contains(&name) { Required::True } else { Required::False };
        let description = match &schema {
            RefOr::T(Schema::Object(object)) => object.description.clone(),
            RefOr::T(Schema::Array(array)) => array.description.clone(),
            RefOr::Ref(reference) => Some(reference.description.clone()),
            RefOr::T(_) => None,
        };
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .description(description)
            .required(is_required)
            .schema(Some(schema))
            .build()
    };
    properties.into_iter().map(parameter).collect()
}

/// The schema of a value without `null`, which a query string does not have.
fn present(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::OneOf(one_of)) => {
            let description = one_of.description;
            let mut schema = one_of.items.into_iter().find(|item| !is_null(item)).unwrap_or_default();
            if let RefOr::T(Schema::Object(object)) = &mut schema {
                object.description = object.description.take().or(description);
            }
            schema
        }
        RefOr::T(Schema::Object(mut object)) => {
            object.default = object.default.filter(|default| !default.is_null());
            if let SchemaType::Array(types) = &object.schema_type
                && let Some(kind) = types.iter().find(|kind| **kind != Type::Null)
            {
                object.schema_type = SchemaType::Type(kind.clone());
            }
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
