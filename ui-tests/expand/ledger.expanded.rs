/// The messages of [`Ledger`], one for each handler: plain data. [`Ledger`] makes them.
#[non_exhaustive]
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
#[derive(Debug)]
pub enum LedgerMessage {
    /// Adds `amount` and answers the balance.
    Deposit {
        /// The argument `amount`.
        amount: u64,
    },
    /// Calls `rename`.
    Rename {
        /// The argument `name`.
        name: String,
    },
}

/// Keeps money.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an address of the protocol `Ledger`",
    label = "not an address of `Ledger`",
    note = "`.recipient()` of an actor's reference or pool is one, where the actor takes part in the protocol"
)]
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
pub trait Ledger: ::airssys_rt::ProtocolAddress<LedgerMessage> {
    /// What is sent.
    #[doc(hidden)]
    type ProtocolMessage;
    /// Adds `amount` and answers the balance.
    ///
    /// Awaited, it gives `Result<u64, AskError>`.
    fn deposit(
        &self,
        amount: u64,
    ) -> ::airssys_rt::Request<'_, Self, LedgerMessage, u64> {
        ::airssys_rt::Request::new(self, LedgerMessage::Deposit { amount })
    }
    /// A request to call `rename`.
    ///
    /// Awaited, it gives `Result<Result<String, Taken>, AskError>`.
    fn rename(
        &self,
        name: impl ::core::convert::Into<String>,
    ) -> ::airssys_rt::Request<'_, Self, LedgerMessage, Result<String, Taken>> {
        ::airssys_rt::Request::new(
            self,
            LedgerMessage::Rename {
                name: ::core::convert::Into::into(name),
            },
        )
    }
}

#[automatically_derived]
#[diagnostic::do_not_recommend]
impl<__D: ::airssys_rt::ProtocolAddress<LedgerMessage>> Ledger for __D {
    type ProtocolMessage = LedgerMessage;
}

/// A reference to any actor that takes part in [`Ledger`]; `account.recipient()` makes one.
#[allow(dead_code, private_interfaces)]
pub type LedgerRef = ::airssys_rt::Recipient<LedgerMessage>;

const _: () = {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` has no handler `deposit`, which the protocol `Ledger` asks for",
        label = "`deposit` is missing",
        note = "write `#[handler] fn deposit(&mut self, amount: u64) -> u64`"
    )]
    trait __Deposit: ::airssys_rt::Actor {
        type Handler: ::airssys_rt::private::Call<Message = Self::Message>;
    }
    #[diagnostic::do_not_recommend]
    impl<
        A: ::airssys_rt::private::Handler<{ ::airssys_rt::private::name("deposit") }>,
    > __Deposit for A {
        type Handler = ::airssys_rt::private::Named<
            A,
            { ::airssys_rt::private::name("deposit") },
        >;
    }
    #[diagnostic::on_unimplemented(
        message = "the handler `deposit` takes `{Self}`, and the protocol `Ledger` gives it `(u64,)`",
        label = "`deposit` takes something else",
        note = "write `#[handler] fn deposit(&mut self, amount: u64) -> u64`"
    )]
    trait __DepositTakes: ::airssys_rt::private::Is<(u64,)> {}
    impl __DepositTakes for (u64,) {}
    #[diagnostic::on_unimplemented(
        message = "the handler `deposit` answers `{Self}`, and the protocol `Ledger` has it answer `u64`",
        label = "`deposit` answers something else",
        note = "write `#[handler] fn deposit(&mut self, amount: u64) -> u64`; an `ActorResult` of it is answered as that, too"
    )]
    trait __DepositAnswers {}
    impl __DepositAnswers for u64 {}
    #[diagnostic::on_unimplemented(
        message = "`{Self}` has no handler `rename`, which the protocol `Ledger` asks for",
        label = "`rename` is missing",
        note = "write `#[handler] fn rename(&mut self, name: impl Into<String>) -> Result<String, Taken>`"
    )]
    trait __Rename: ::airssys_rt::Actor {
        type Handler: ::airssys_rt::private::Call<Message = Self::Message>;
    }
    #[diagnostic::do_not_recommend]
    impl<
        A: ::airssys_rt::private::Handler<{ ::airssys_rt::private::name("rename") }>,
    > __Rename for A {
        type Handler = ::airssys_rt::private::Named<
            A,
            { ::airssys_rt::private::name("rename") },
        >;
    }
    #[diagnostic::on_unimplemented(
        message = "the handler `rename` takes `{Self}`, and the protocol `Ledger` gives it `(String,)`",
        label = "`rename` takes something else",
        note = "write `#[handler] fn rename(&mut self, name: impl Into<String>) -> Result<String, Taken>`"
    )]
    trait __RenameTakes: ::airssys_rt::private::Is<(String,)> {}
    impl __RenameTakes for (String,) {}
    #[diagnostic::on_unimplemented(
        message = "the handler `rename` answers `{Self}`, and the protocol `Ledger` has it answer `Result<String, Taken>`",
        label = "`rename` answers something else",
        note = "write `#[handler] fn rename(&mut self, name: impl Into<String>) -> Result<String, Taken>`; an `ActorResult` of it is answered as that, too"
    )]
    trait __RenameAnswers {}
    impl __RenameAnswers for Result<String, Taken> {}
    #[automatically_derived]
    impl<__A: ::airssys_rt::Actor> ::airssys_rt::private::Protocol<__A> for LedgerMessage
    where
        __A: __Deposit<
            Handler: ::airssys_rt::private::Call<
                    Args: __DepositTakes,
                    Reply: __DepositAnswers,
                >,
        >,
        __A: __Rename<
            Handler: ::airssys_rt::private::Call<
                    Args: __RenameTakes,
                    Reply: __RenameAnswers,
                >,
        >,
    {
        fn into_own(self) -> ::core::result::Result<__A::Message, Self> {
            ::core::result::Result::Ok(
                match self {
                    LedgerMessage::Deposit { amount } => {
                        ::airssys_rt::private::pack::<
                            <__A as __Deposit>::Handler,
                            _,
                        >((amount,))
                    }
                    LedgerMessage::Rename { name } => {
                        ::airssys_rt::private::pack::<
                            <__A as __Rename>::Handler,
                            _,
                        >((name,))
                    }
                },
            )
        }
        fn from_own(own: __A::Message) -> ::core::result::Result<Self, __A::Message> {
            let own = match ::airssys_rt::private::unpack::<
                <__A as __Deposit>::Handler,
                _,
            >(own) {
                ::core::result::Result::Ok((amount,)) => {
                    return ::core::result::Result::Ok(LedgerMessage::Deposit { amount });
                }
                ::core::result::Result::Err(own) => own,
            };
            let own = match ::airssys_rt::private::unpack::<
                <__A as __Rename>::Handler,
                _,
            >(own) {
                ::core::result::Result::Ok((name,)) => {
                    return ::core::result::Result::Ok(LedgerMessage::Rename { name });
                }
                ::core::result::Result::Err(own) => own,
            };
            ::core::result::Result::Err(own)
        }
    }
};

struct Account {
    balance: u64,
}

#[automatically_derived]
impl ::airssys_rt::private::Annotated for Account {
    const CONFIG: ::airssys_rt::ActorConfig = ::airssys_rt::ActorConfig::DEFAULT;
}

impl Account {
    fn deposit(&mut self, amount: u64) -> u64 {
        self.add(amount)
    }
    #[allow(clippy::needless_pass_by_value)]
    async fn rename(&mut self, name: String) -> ActorResult<Result<String, Taken>> {
        self.register(name).await
    }
}

/// The messages of [`Account`], one for each handler: plain data. [`AccountApi`] makes them.
#[doc(hidden)]
#[non_exhaustive]
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
pub enum AccountMessage {
    /// Calls `deposit`.
    Deposit {
        /// The argument `amount`.
        amount: u64,
    },
    /// Calls `rename`.
    Rename {
        /// The argument `name`.
        name: String,
    },
}

#[automatically_derived]
impl ::airssys_rt::Actor for Account {
    type Message = AccountMessage;
    const CONFIG: ::airssys_rt::ActorConfig = <Self as ::airssys_rt::private::Annotated>::CONFIG;
    const STARTS: bool = false;
    const STOPS: bool = false;
    const HANDLES_ERRORS: bool = false;
    const PREPARES: bool = false;
    fn is_plain(message: &AccountMessage) -> bool {
        ::core::matches!(message, AccountMessage::Deposit { .. })
    }
    #[inline]
    fn handle_plain(
        &mut self,
        message: AccountMessage,
        _ctx: &mut ::airssys_rt::Context<Self>,
        answer: &mut ::airssys_rt::Answer<'_>,
    ) -> ::airssys_rt::Plain<AccountMessage> {
        match message {
            AccountMessage::Deposit { amount } => {
                let value = Self::deposit(self, amount);
                answer.send(value);
                ::airssys_rt::Plain::Done(::core::result::Result::Ok(()))
            }
            later => ::airssys_rt::Plain::Later(later),
        }
    }
    async fn handle(
        &mut self,
        message: AccountMessage,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        match message {
            AccountMessage::Rename { name } => {
                let value = Self::rename(self, name).await?;
                ctx.answer().send(value);
                ::core::result::Result::Ok(())
            }
            plain => ::airssys_rt::private::handle_plain(self, plain, ctx),
        }
    }
}

/// The handlers of [`Account`], as methods of every address of its messages.
///
/// An address is an `ActorRef`, a `WeakRef`, a `Recipient`, a `Pool` or a `Probe`. Each method makes a `Request`, which
/// sends nothing by itself: await it for the answer, or `.tell()` it. The trait has to be in scope.
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
trait AccountApi: ::airssys_rt::Address<AccountMessage> {
    /// A request to call `deposit`.
    ///
    /// Awaited, it gives `Result<u64, AskError>`.
    fn deposit(
        &self,
        amount: u64,
    ) -> ::airssys_rt::Request<'_, Self, AccountMessage, u64> {
        ::airssys_rt::Request::new(self, AccountMessage::Deposit { amount })
    }
    /// A request to call `rename`.
    ///
    /// Awaited, it gives `Result<Result<String, Taken>, AskError>`.
    fn rename(
        &self,
        name: String,
    ) -> ::airssys_rt::Request<'_, Self, AccountMessage, Result<String, Taken>> {
        ::airssys_rt::Request::new(self, AccountMessage::Rename { name })
    }
}

#[automatically_derived]
impl<__D: ::airssys_rt::Address<AccountMessage>> AccountApi for __D {}

#[automatically_derived]
impl ::airssys_rt::private::Handler<{ ::airssys_rt::private::name("deposit") }>
for Account {
    type Args = (u64,);
    type Reply = u64;
    fn pack((amount,): Self::Args) -> Self::Message {
        AccountMessage::Deposit { amount }
    }
    #[allow(unreachable_patterns)]
    fn unpack(
        message: Self::Message,
    ) -> ::core::result::Result<Self::Args, Self::Message> {
        match message {
            AccountMessage::Deposit { amount } => ::core::result::Result::Ok((amount,)),
            other => ::core::result::Result::Err(other),
        }
    }
}

#[automatically_derived]
impl ::airssys_rt::private::Handler<{ ::airssys_rt::private::name("rename") }>
for Account {
    type Args = (String,);
    type Reply = Result<String, Taken>;
    fn pack((name,): Self::Args) -> Self::Message {
        AccountMessage::Rename { name }
    }
    #[allow(unreachable_patterns)]
    fn unpack(
        message: Self::Message,
    ) -> ::core::result::Result<Self::Args, Self::Message> {
        match message {
            AccountMessage::Rename { name } => ::core::result::Result::Ok((name,)),
            other => ::core::result::Result::Err(other),
        }
    }
}

#[automatically_derived]
impl ::airssys_rt::Handles<LedgerMessage> for Account {
    type Reply = ();
    async fn handle(
        &mut self,
        message: LedgerMessage,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        ::airssys_rt::private::handle_protocol(self, message, ctx).await
    }
    fn into_own(
        message: LedgerMessage,
    ) -> ::core::result::Result<Self::Message, LedgerMessage> {
        let into_own = <<::airssys_rt::private::Nobody as Ledger>::ProtocolMessage as ::airssys_rt::private::Protocol<
            Self,
        >>::into_own;
        into_own(message)
    }
    fn from_own(
        own: Self::Message,
    ) -> ::core::result::Result<LedgerMessage, Self::Message> {
        let from_own = <<::airssys_rt::private::Nobody as Ledger>::ProtocolMessage as ::airssys_rt::private::Protocol<
            Self,
        >>::from_own;
        from_own(own)
    }
}
