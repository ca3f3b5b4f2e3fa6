//! The second wall: who may have Bedrock infer anything at all, so that nothing is spent past us.
//!
//! A service control policy denies; it allows nobody anything. It binds every principal of the
//! accounts it is attached to but those of AWS's own services, and never the management account.

/// The roles that calls are made as, and nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Their ARNs, each once, sorted.
    pub roles: Vec<String>,
}

impl Guard {
    /// The statement's name.
    pub const SID: &'static str = "InferenceThroughBursarAlone";
    /// Whatever has a model answer, a tool of Bedrock's run or a guardrail judge: calls of either kind,
    /// batches, evaluations, and what calls models by itself. Counting is free, and left to
    /// everybody.
    ///
    /// Each is an action of AWS's Service Authorization Reference (Amazon Bedrock; for Mantle, the
    /// user guide's "Making inference requests"), read in November 2026. By that page Converse, the
    /// asynchronous and the bidirectional operation have no action of their own: `InvokeModel`
    /// allows them. `CallWithBearerToken` comes beside an action, and alone allows nothing.
    pub const ACTIONS: [&'static str; 20] = [
        "bedrock-mantle:CreateInference",
        "bedrock:AgenticRetrieveStream",
        "bedrock:ApplyGuardrail",
        "bedrock:CreateAdvancedPromptOptimizationJob",
        "bedrock:CreateEvaluationJob",
        "bedrock:CreateModelInvocationJob",
        "bedrock:GenerateQuery",
        "bedrock:InvokeAgent",
        "bedrock:InvokeAutomatedReasoningPolicy",
        "bedrock:InvokeDataAutomationAsync",
        "bedrock:InvokeFlow",
        "bedrock:InvokeGuardrailChecks",
        "bedrock:InvokeInlineAgent",
        "bedrock:InvokeModel",
        "bedrock:InvokeModelWithResponseStream",
        "bedrock:InvokeTool",
        "bedrock:OptimizePrompt",
        "bedrock:Rerank",
        "bedrock:RetrieveAndGenerate",
        "bedrock:StartFlowExecution",
    ];
    /// Why it is there.
    pub const WHY: &'static str = "a budget holds only what passes it: calls that another \
        principal makes are in no ledger. A session of a role counts as its role";

    /// A wall around these roles.
    #[must_use]
    pub fn of(mut roles: Vec<String>) -> Self {
        roles.sort_unstable();
        roles.dedup();
        Self { roles }
    }

    /// A role's ARN as it was given. A pattern is refused: it would open the wall to others.
    ///
    /// # Errors
    /// What an ARN of a role looks like, for whoever gave another text.
    pub fn check_role(text: &str) -> Result<String, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let is_role = match parts.as_slice() {
            ["arn", "aws" | "aws-cn" | "aws-us-gov", "iam", "", account, resource] => {
                let name = resource.strip_prefix("role/").unwrap_or_default();
                let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
                account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit())
                    && !name.is_empty()
                    && name.bytes().all(is_fit)
            }
            _ => false,
        };
        is_role.then(|| text.to_owned()).ok_or_else(|| {
            "it is a role's ARN without wildcards, `arn:aws:iam::123456789012:role/NAME`".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_role_is_let_through_the_wall() {
        for role in [
            "arn:aws:iam::123456789012:role/bursar",
            "arn:aws-us-gov:iam::123456789012:role/path/to/bursar",
        ] {
            assert_eq!(Guard::check_role(role).as_deref(), Ok(role));
        }
        for other in [
            "",
            "bursar",
            "*",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::*:role/bursar",
            "arn:aws:iam::12345678901:role/bursar",
            "arn:aws:iam::123456789012:user/bursar",
            "arn:aws:iam::123456789012:root",
            "arn:aws:sts::123456789012:assumed-role/bursar/session",
            "arn:aws:iam::123456789012:role/bursar\" ",
        ] {
            assert!(Guard::check_role(other).is_err(), "{other}");
        }
        let twice = Guard::of(vec!["b".into(), "a".into(), "b".into()]);
        assert_eq!(twice.roles, ["a", "b"]);
    }

    #[test]
    fn what_the_policy_of_a_caller_allows_is_among_what_is_denied_to_others() {
        for action in super::super::CALL {
            assert!(Guard::ACTIONS.contains(&action), "{action}");
        }
        assert!(Guard::ACTIONS.is_sorted());
    }
}
