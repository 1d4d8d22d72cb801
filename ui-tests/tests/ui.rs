//! What the macros refuse, with the words they do it in, and what they accept.

#[test]
fn every_misuse_is_refused_at_its_token_with_a_remedy() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn every_accepted_form_compiles_and_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
