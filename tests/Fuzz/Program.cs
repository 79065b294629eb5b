using System.Globalization;
using Appliance.Fuzz.Engine;
using Appliance.Fuzz.Targets;

// Appliance.Fuzz                       lists the targets
// Appliance.Fuzz TARGET|all SECONDS [SEED]   runs them
// Appliance.Fuzz TARGET FILE           runs one input again
if (args.Length == 0)
{
    foreach (var target in AllTargets.List) Console.WriteLine(target.Name);
    return 0;
}

var chosen = AllTargets.List.Where(t => args[0] == "all" || t.Name == args[0]).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"no target {args[0]}: {string.Join(", ", AllTargets.List.Select(t => t.Name))}");
    return 2;
}

if (args.Length == 2 && File.Exists(args[1]))
{
    using var single = new FuzzRun(chosen[0]);
    var broke = single.Execute(File.ReadAllBytes(args[1]));
    Console.WriteLine(broke == null ? $"{chosen[0].Name}: {args[1]} holds" : $"{chosen[0].Name}: {args[1]}: {broke}");
    return broke == null ? 0 : 1;
}

var seconds = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 10;
var seed = args.Length > 2 ? ulong.Parse(args[2], CultureInfo.InvariantCulture) : (ulong)Random.Shared.NextInt64() >> 24;
var found = 0;
foreach (var target in chosen)
{
    using var run = new FuzzRun(target);
    var result = run.Run(TimeSpan.FromSeconds(seconds), seed, (n, rate) =>
    {
        if (!Console.IsOutputRedirected) Console.Write($"\r{target.Name}: {n} executions, {rate:F0}/s  ");
    });
    if (!Console.IsOutputRedirected) Console.Write('\r');
    Console.WriteLine($"{target.Name,-16} seed {seed,-12} {result.Executions,10} executions {result.PerSecond,10:F0}/s   {(result.Finding == null ? "ok" : "BROKEN")}");
    if (result.Finding is not { } finding) continue;
    found++;
    Console.WriteLine($"  {finding.Why}\n  stored: {finding.Path}\n  again:  make fuzz TARGET={target.Name} INPUT={Path.GetRelativePath(Corpus.Root, finding.Path)}");
}

return found == 0 ? 0 : 1;
