#!/usr/bin/env escript
%% The same cases in Erlang: nanoseconds an operation, the median of many chunks. Prints nothing for other cases.
-mode(compile).

-define(BUDGET, 500).

main([Case]) ->
    case run(Case) of
        none -> ok;
        Figure -> io:format("~s\t~p~n", [Case, Figure])
    end.

run("tell-1") -> tell(1);
run("tell-8") -> tell(8);
run("ask") -> ask();
run("ask-async") -> ask();
run("ask-64") -> ask_many();
run("ask-64-async") -> ask_many();
run("ping-pong") -> hops(2);
run("ring") -> hops(1000);
run("spawn") -> spawn_and_stop();
run(_) -> none.

%% The median nanoseconds an operation; the first chunk warms up.
per(Operations, Chunk) ->
    Chunk(),
    chunks(Operations, Chunk, erlang:monotonic_time(millisecond) + ?BUDGET, []).

chunks(Operations, Chunk, Until, Figures) ->
    Began = erlang:monotonic_time(nanosecond),
    Chunk(),
    Figure = (erlang:monotonic_time(nanosecond) - Began) / Operations,
    case erlang:monotonic_time(millisecond) < Until of
        true -> chunks(Operations, Chunk, Until, [Figure | Figures]);
        false ->
            Sorted = lists:sort([Figure | Figures]),
            lists:nth(length(Sorted) div 2 + 1, Sorted)
    end.

counter(Value) ->
    receive
        {add, By} -> counter(Value + By);
        {ask, From, Ref, By} ->
            From ! {Ref, Value + By},
            counter(Value + By);
        stop -> ok
    end.

%% What gen_server:call does: a monitor, the message, the answer or the end, and a time limit.
ask(Counter, By) ->
    Ref = erlang:monitor(process, Counter),
    Counter ! {ask, self(), Ref, By},
    receive
        {Ref, Value} ->
            erlang:demonitor(Ref, [flush]),
            Value;
        {'DOWN', Ref, _, _, Reason} -> exit(Reason)
    after 5000 -> exit(timeout)
    end.

tell(Producers) ->
    Counter = spawn(fun() -> counter(0) end),
    Each = 100000 div Producers,
    per(100000, fun() ->
        in_parallel(Producers, fun() -> times(Each, fun() -> Counter ! {add, 1} end) end),
        0 = ask(Counter, 0) rem 100000
    end).

ask() ->
    Counter = spawn(fun() -> counter(0) end),
    per(10000, fun() -> times(10000, fun() -> ask(Counter, 1) end) end).

ask_many() ->
    Counter = spawn(fun() -> counter(0) end),
    per(64 * 500, fun() -> in_parallel(64, fun() -> times(500, fun() -> ask(Counter, 1) end) end) end).

hops(Count) ->
    Main = self(),
    [First | _] = Hoppers = [spawn(fun() -> receive {meet, Next} -> hopper(Next, Main) end end)
                             || _ <- lists:seq(1, Count)],
    [Hopper ! {meet, Next} || {Hopper, Next} <- lists:zip(Hoppers, tl(Hoppers) ++ [First])],
    per(50000, fun() ->
        First ! {hop, 50000},
        receive finished -> ok end
    end).

hopper(Next, Main) ->
    receive
        {hop, 0} -> Main ! finished;
        {hop, Left} -> Next ! {hop, Left - 1}
    end,
    hopper(Next, Main).

spawn_and_stop() ->
    per(3200, fun() ->
        times(3200, fun() ->
            {Counter, Ref} = spawn_monitor(fun() -> counter(0) end),
            Counter ! stop,
            receive {'DOWN', Ref, _, _, normal} -> ok end
        end)
    end).

in_parallel(Count, Work) ->
    Started = [spawn_monitor(Work) || _ <- lists:seq(1, Count)],
    [receive {'DOWN', Ref, _, _, normal} -> ok end || {_, Ref} <- Started].

times(0, _) -> ok;
times(Left, Work) ->
    Work(),
    times(Left - 1, Work).
