using System.CommandLine;
using Appliance.LineRate;
using Appliance.LineRate.Bgp;
using Appliance.LineRate.Crypto;
using Appliance.LineRate.Esp;
using Appliance.LineRate.Group;
using Appliance.LineRate.Ike;
using Appliance.LineRate.Wire;

// One line for each suite; a suite is a folder beside this file.
var suites = new Dictionary<string, Func<ISuite>>
{
    ["crypto"] = () => new CryptoSuite(),
    ["esp"] = () => new EspSuite(),
    ["wire"] = () => new WireSuite(),
    ["ike"] = () => new IkeSuite(),
    ["group"] = () => new GroupSuite(),
    ["bgp"] = () => new BgpSuite(),
    ["rib"] = () => new RibSuite(),
};

var suite = new Option<string>("--suite") { Description = $"What to measure: {string.Join(", ", suites.Keys)}", Required = true };
suite.AcceptOnlyFromAmong([.. suites.Keys]);
var seconds = new Option<double>("--seconds") { Description = "Time to measure for in all; 0: the suite's own" };
var sizes = new Option<int[]>("--sizes") { Description = "Packet sizes in octets, separated by commas or blanks", AllowMultipleArgumentsPerToken = true, CustomParser = Numbers };
var workers = new Option<int[]>("--workers") { Description = "Numbers of workers", AllowMultipleArgumentsPerToken = true, CustomParser = Numbers };
var sas = new Option<int>("--sas") { Description = "Number of SAs, where a suite makes them; 0: the suite's own" };
var routes = new Option<int>("--routes") { Description = "Number of routes, where a suite makes them; 0: the suite's own" };
var format = new Option<string>("--format") { Description = "json (one object a line) or table", DefaultValueFactory = _ => "table" };
format.AcceptOnlyFromAmong("json", "table");

var command = new RootCommand("Line-rate figures of the appliance, beside those of others") { suite, seconds, sizes, workers, sas, routes, format };
command.SetAction(parsed =>
{
    var writer = new RowWriter(Console.Out, parsed.GetValue(format) == "json");
    var options = new SuiteOptions(parsed.GetValue(seconds), parsed.GetValue(sizes) ?? [], parsed.GetValue(workers) ?? [], parsed.GetValue(sas), parsed.GetValue(routes));
    foreach (var row in suites[parsed.GetRequiredValue(suite)]().Run(options))
        writer.Write(row);
    return 0;
});
return command.Parse(args).Invoke();

static int[] Numbers(System.CommandLine.Parsing.ArgumentResult result)
{
    var numbers = new List<int>();
    foreach (var word in result.Tokens.SelectMany(token => token.Value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)))
        if (int.TryParse(word, out var number) && number >= 0)
            numbers.Add(number);
        else
            result.AddError($"'{word}' is not a number");
    return [.. numbers];
}
